import { join } from 'node:path';
import { FILE_MODE, type FileSystem, ignoreErrors, storageError, syncFolder, writeFully } from './files.ts';
import { type Changes, encodeRecord } from './record.ts';

/** How long a written record may wait for its `fdatasync`: what a power cut can lose. */
const SYNC_WITHIN_MS = 50;
const SYNC_AGAIN_MS = 1_000;

/**
 * Append-only files, one after the other. `append` returns once the record is in the file, so a killed process
 * loses nothing; `fdatasync` follows within 100 ms, or at once when `sync()` is awaited.
 */
export class Journal {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #onSyncFailure: (error: unknown) => void;
  #number: number;
  #lastNumber: number;
  /** Undefined once it is closed: the system may have given the number to somebody else's file. */
  #fd: number | undefined;
  #sizeBytes = 0;
  #sequence: number;
  /** The records that a power cut could lose, as they stand at the end of the file. */
  #unsynced: Buffer[] = [];
  /** After a failed sync the system takes its dropped pages for clean: a second sync alone would prove nothing. */
  #mustRewrite = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;

  /** Begins a new file after the numbers that are there; nothing is ever appended to an older one. */
  constructor(
    fs: FileSystem,
    folder: string,
    last: { readonly number: number; readonly sequence: number },
    onSyncFailure: (error: unknown) => void,
  ) {
    this.#fs = fs;
    this.#folder = folder;
    this.#onSyncFailure = onSyncFailure;
    this.#lastNumber = last.number;
    this.#sequence = last.sequence + 1;
    const { number, fd } = this.#create(Buffer.alloc(0));
    this.#number = number;
    this.#fd = fd;
  }

  get name(): string {
    return journalName(this.#number);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get #path(): string {
    return join(this.#folder, this.name);
  }

  /** A number is never used twice, also where the file of a failed attempt could not be removed. */
  #create(content: Buffer): { number: number; fd: number } {
    const number = ++this.#lastNumber;
    const path = join(this.#folder, journalName(number));
    let fd: number | undefined;
    try {
      fd = this.#fs.openSync(path, 'wx+', FILE_MODE);
      writeFully(this.#fs, fd, content, 0);
      syncFolder(this.#fs, this.#folder);
      return { number, fd };
    } catch (error) {
      if (fd !== undefined) this.#discard(fd, path);
      throw storageError('create', path, error);
    }
  }

  #discard(fd: number, path: string): void {
    ignoreErrors(() => this.#fs.closeSync(fd));
    ignoreErrors(() => this.#fs.unlinkSync(path));
  }

  /** Throws `STORAGE_FAILED`; what was written before stays, and the next record overwrites the torn one. */
  append(changes: Changes): void {
    const record = encodeRecord(this.#sequence, changes);
    try {
      writeFully(this.#fs, this.#openFd(), record, this.#sizeBytes);
    } catch (error) {
      throw storageError('write', this.#path, error);
    }
    this.#sequence += 1;
    this.#sizeBytes += record.length;
    this.#unsynced.push(record);
    this.#syncSoon(SYNC_WITHIN_MS);
  }

  #openFd(): number {
    if (this.#fd === undefined) throw new Error('the session is closed');
    return this.#fd;
  }

  #syncSoon(delayMs: number): void {
    this.#syncTimer ??= setTimeout(() => {
      this.sync().catch((error: unknown) => {
        this.#onSyncFailure(error);
        if (this.#fd !== undefined) this.#syncSoon(SYNC_AGAIN_MS);
      });
    }, delayMs).unref();
  }

  /** Resolves when all that was appended so far survives a power cut. */
  async sync(): Promise<void> {
    while (this.#syncing) await this.#syncing;
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const count = this.#unsynced.length;
    if (count === 0) return;
    try {
      const fd = this.#openFd();
      if (this.#mustRewrite) this.#rewriteUnsynced(fd);
      const syncing = new Promise<void>((resolve, reject) => {
        this.#fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()));
      });
      this.#syncing = syncing.catch(() => {});
      await syncing;
      this.#unsynced.splice(0, count);
    } catch (error) {
      this.#mustRewrite = true;
      throw storageError('sync', this.#path, error);
    } finally {
      this.#syncing = undefined;
    }
  }

  #rewriteUnsynced(fd: number): void {
    const tail = Buffer.concat(this.#unsynced);
    writeFully(this.#fs, fd, tail, this.#sizeBytes - tail.length);
    this.#mustRewrite = false;
  }

  /**
   * Goes on in a new file, which begins with what is not synced yet: a record that stands in two files counts
   * once. A failure changes nothing.
   */
  rotate(): void {
    const old = this.#openFd();
    const carried = Buffer.concat(this.#unsynced);
    const { number, fd } = this.#create(carried);
    this.#number = number;
    this.#fd = fd;
    this.#sizeBytes = carried.length;
    this.#mustRewrite = false;
    void this.#closeFile(old);
  }

  /** From here on nothing can be appended. What is in the file stays there. */
  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await this.#closeFile(fd);
  }

  async #closeFile(fd: number): Promise<void> {
    await this.#syncing;
    ignoreErrors(() => this.#fs.closeSync(fd));
  }
}

const JOURNAL_NAME = /^journal-(\d+)\.log$/;
const journalName = (number: number): string => `journal-${number}.log`;

/** The journal files of a folder, oldest first. */
export function journalFiles(
  names: readonly string[],
): Array<{ readonly name: string; readonly number: number }> {
  const found = names.flatMap((name) => {
    const number = Number(JOURNAL_NAME.exec(name)?.[1] ?? Number.NaN);
    return Number.isSafeInteger(number) ? [{ name, number }] : [];
  });
  return found.sort((a, b) => a.number - b.number);
}
