import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import {
  FILE_MODE,
  type FileSystem,
  ignoreErrors,
  storageError,
  syncFolder,
  writeFully,
} from '../folder/file-system.ts';
import { type Changes, encodeRecord } from './journal-record.ts';

/** How long a written record may wait for its `fdatasync`: what a power cut can lose. */
const SYNC_WITHIN_MS = 50;
const SYNC_AGAIN_MS = 1_000;
/** Three at most are in use; the others are room for journals that could not be removed. */
const MOST_JOURNALS = 16;

/**
 * Append-only files, one after the other. `append` returns once the record is in the file, so a killed process
 * loses nothing; `fdatasync` follows within 100 ms, or at once when `sync()` is awaited.
 */
export class Journal {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #onSyncFailure: (error: unknown) => void;
  #name: string;
  /** Undefined once the journal is closed, because the system may give the number to another file. */
  #fd: number | undefined;
  #sizeBytes = 0;
  #sequence: number;
  /** The records that a power cut could lose, as they stand at the end of the file. */
  #unsynced: Buffer[] = [];
  /** After a failed sync the system treats the dropped pages as clean, so a second sync proves nothing about them. */
  #mustRewrite = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  readonly #halfMade: string[] = [];

  /** Begins a new file; older ones are never appended to. `lastSequence` is the highest number in them. */
  constructor(fs: FileSystem, folder: string, lastSequence: number, onSyncFailure: (error: unknown) => void) {
    this.#fs = fs;
    this.#folder = folder;
    this.#onSyncFailure = onSyncFailure;
    this.#sequence = lastSequence + 1;
    const { name, fd } = this.#create(Buffer.alloc(0));
    this.#name = name;
    this.#fd = fd;
  }

  get name(): string {
    return this.#name;
  }

  /** Files of failed attempts that could not be removed. They must be removed before newer records are checkpointed. */
  takeHalfMade(): readonly string[] {
    return this.#halfMade.splice(0);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get #path(): string {
    return join(this.#folder, this.name);
  }

  #create(content: Buffer): { name: string; fd: number } {
    const { name, fd } = this.#open();
    const path = join(this.#folder, name);
    try {
      writeFully(this.#fs, fd, content, 0);
      syncFolder(this.#fs, this.#folder);
      return { name, fd };
    } catch (error) {
      ignoreErrors(() => this.#fs.closeSync(fd));
      try {
        this.#fs.unlinkSync(path);
      } catch {
        this.#halfMade.push(name);
      }
      throw storageError('create', path, error);
    }
  }

  /** Under the first name that is free. */
  #open(): { name: string; fd: number } {
    for (const name of JOURNAL_NAMES) {
      const path = join(this.#folder, name);
      try {
        return { name, fd: this.#fs.openSync(path, 'wx+', FILE_MODE) };
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw storageError('create', path, error);
      }
    }
    throw storageError(
      'create',
      join(this.#folder, 'journal-*.log'),
      new Error('old ones cannot be removed'),
    );
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
   * Continues in a new file, which begins with the records that are not synced yet: a record in two files counts
   * once. A failure changes nothing.
   */
  rotate(): void {
    const old = this.#openFd();
    const carried = Buffer.concat(this.#unsynced);
    const { name, fd } = this.#create(carried);
    this.#name = name;
    this.#fd = fd;
    this.#sizeBytes = carried.length;
    this.#mustRewrite = false;
    void this.#closeFile(old);
  }

  /** After this nothing can be appended. What is in the file stays there. */
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

/** The names of journals: few, so that they are found without listing a folder of fifty thousand files. */
export const JOURNAL_NAMES: readonly string[] = Array.from(
  { length: MOST_JOURNALS },
  (_, index) => `journal-${index + 1}.log`,
);

export const isJournal = (fileName: string): boolean => /^journal-\d+\.log$/.test(fileName);

/** The journals among the files of a folder. */
export const journalNames = (fileNames: readonly string[]): string[] => fileNames.filter(isJournal);
