import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FILE_MODE, type FileSystem, storageError, syncFolder, writeFully } from './files.ts';

/** One commit: key types (or tables) → ids → value as JSON text, `null` for a removal. */
export type Changes = Map<string, Map<string, string | null>>;

export interface Replay {
  /** All whole records, in the order of their numbers; a torn tail is not one of them. */
  readonly records: Changes[];
  /** The highest number; 0 where there is no record. */
  readonly sequence: number;
  /** Records in the middle that fail their checksum: damage, not a kill. */
  readonly damaged: number;
}

/**
 * A line is `CRC32 SEQUENCE JSON\n`: eight hex digits over the rest of the line, a number that only grows, and
 * `{"type":{"id":value}}`. Text, so that a person can read what happened last.
 */
export function encodeRecord(sequence: number, changes: Changes): Buffer {
  const types: string[] = [];
  for (const [type, values] of changes) {
    const ids: string[] = [];
    for (const [id, json] of values) ids.push(`${JSON.stringify(id)}:${json ?? 'null'}`);
    types.push(`${JSON.stringify(type)}:{${ids.join(',')}}`);
  }
  const body = Buffer.from(`${sequence} {${types.join(',')}}`);
  return Buffer.concat([Buffer.from(`${checksum(body)} `), body, Buffer.from('\n')]);
}

const checksum = (body: Uint8Array): string => crc32(body).toString(16).padStart(8, '0');

/** Reads what journals hold. Records are put in the order of their numbers, a doubled one counts once. */
export function decodeJournals(contents: readonly Buffer[]): Replay {
  const bySequence = new Map<number, Changes>();
  let damaged = 0;
  for (const content of contents) damaged += decodeInto(bySequence, content);
  const ordered = [...bySequence].sort(([a], [b]) => a - b);
  return { records: ordered.map(([, changes]) => changes), sequence: ordered.at(-1)?.[0] ?? 0, damaged };
}

/** Returns how many broken lines have a whole one behind them: those are damage, the last one is only torn. */
function decodeInto(bySequence: Map<number, Changes>, content: Buffer): number {
  let damaged = 0;
  let brokenSinceWhole = 0;
  for (let start = 0; start < content.length; ) {
    const newline = content.indexOf(10, start);
    const record = newline === -1 ? undefined : decodeLine(content.subarray(start, newline));
    start = newline === -1 ? content.length : newline + 1;
    if (record) {
      bySequence.set(record.sequence, record.changes);
      damaged += brokenSinceWhole;
      brokenSinceWhole = 0;
    } else {
      brokenSinceWhole += 1;
    }
  }
  return damaged;
}

function decodeLine(line: Buffer): { sequence: number; changes: Changes } | undefined {
  const body = line.subarray(9);
  if (line[8] !== 32 || line.toString('latin1', 0, 8) !== checksum(body)) return undefined;
  const space = body.indexOf(32);
  const sequence = Number(body.toString('latin1', 0, space));
  const parsed: unknown = JSON.parse(body.toString('utf8', space + 1));
  const changes: Changes = new Map();
  for (const [type, values] of Object.entries(parsed as Record<string, Record<string, unknown>>)) {
    const texts = Object.entries(values).map(([id, value]): [string, string | null] => [
      id,
      value === null ? null : JSON.stringify(value),
    ]);
    changes.set(type, new Map(texts));
  }
  return { sequence, changes };
}

/** How long a written record may wait for its `fdatasync`: what a power cut can lose. */
const SYNC_WITHIN_MS = 50;

/**
 * Append-only files, one after the other. `append` returns once the record is in the file, so a killed process
 * loses nothing; `fdatasync` follows within 100 ms, or at once when `sync()` is awaited.
 */
export class Journal {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #onSyncFailure: (error: unknown) => void;
  #number: number;
  #fd: number;
  #sizeBytes = 0;
  #sequence: number;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #isUnsynced = false;

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
    this.#number = last.number + 1;
    this.#sequence = last.sequence + 1;
    this.#fd = this.#create(this.#number);
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

  #create(number: number): number {
    const path = join(this.#folder, journalName(number));
    try {
      const fd = this.#fs.openSync(path, 'wx+', FILE_MODE);
      syncFolder(this.#fs, this.#folder);
      return fd;
    } catch (error) {
      throw storageError('create', path, error);
    }
  }

  /** Throws `STORAGE_FAILED`; what was written before stays, and the next record overwrites the torn one. */
  append(changes: Changes): void {
    const record = encodeRecord(this.#sequence, changes);
    try {
      writeFully(this.#fs, this.#fd, record, this.#sizeBytes);
    } catch (error) {
      throw storageError('write', this.#path, error);
    }
    this.#sequence += 1;
    this.#sizeBytes += record.length;
    this.#isUnsynced = true;
    this.#syncTimer ??= setTimeout(() => this.sync().catch(this.#onSyncFailure), SYNC_WITHIN_MS).unref();
  }

  /** Resolves when all that was appended so far survives a power cut. */
  async sync(): Promise<void> {
    while (this.#syncing) await this.#syncing;
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    if (!this.#isUnsynced) return;
    this.#isUnsynced = false;
    const fd = this.#fd;
    const syncing = new Promise<void>((resolve, reject) => {
      this.#fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()));
    });
    this.#syncing = syncing.catch(() => {});
    try {
      await syncing;
    } catch (error) {
      this.#isUnsynced = true;
      throw storageError('sync', this.#path, error);
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Syncs this file and goes on in a new one. A failure changes nothing. */
  async rotate(): Promise<void> {
    await this.sync();
    const fd = this.#create(this.#number + 1);
    const old = this.#fd;
    this.#fd = fd;
    this.#number += 1;
    this.#sizeBytes = 0;
    this.#isUnsynced = false;
    this.#fs.closeSync(old);
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      clearTimeout(this.#syncTimer);
      this.#fs.closeSync(this.#fd);
    }
  }
}

const JOURNAL_NAME = /^journal-(\d+)\.log$/;
const journalName = (number: number): string => `journal-${number}.log`;

/** The journal files of a folder, oldest first. */
export function journalFiles(
  names: readonly string[],
): Array<{ readonly name: string; readonly number: number }> {
  return names
    .map((name) => ({ name, number: Number(JOURNAL_NAME.exec(name)?.[1]) }))
    .filter(({ number }) => Number.isSafeInteger(number))
    .sort((a, b) => a.number - b.number);
}
