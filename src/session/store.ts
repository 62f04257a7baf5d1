import { join, resolve } from 'node:path';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { isAppError } from '../errors.ts';
import { type FileChange, writeFiles } from './checkpoint.ts';
import {
  CredentialsFile,
  forgetHalfPairing,
  isLinked,
  type LogoutNote,
  loadCredentials,
  readLogoutNote,
  writeLogoutNote,
} from './credentials.ts';
import {
  type FileSystem,
  keyFileName,
  readIfThere,
  realFileSystem,
  removeIfThere,
  renameAside,
  storageError,
} from './files.ts';
import { prepareFolder, probeFolder } from './folder.ts';
import { type Changes, decodeJournals, Journal, journalFiles } from './journal.ts';
import { KeyCache, keyFromJson, keyToJson } from './key-cache.ts';
import { type Lock, lockSession } from './lock.ts';
import { isTableName, readTable, TABLE_NAMES, type TableName, tableFileName, tableToJson } from './tables.ts';
import type { KeyChanges, KeyStore } from './transactions.ts';

export interface SessionOptions {
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly fs?: FileSystem;
  /** Called at every failed write, also of those in the background that nobody awaits. */
  readonly onFailure?: (error: unknown) => void;
}

/** A journal of this size is brought into the files, whatever else goes on. */
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** After this long without a change, so is any journal. */
const CHECKPOINT_IDLE_MS = 5_000;

/**
 * What lies in `SESSION_PATH`: one WhatsApp identity, its keys, and the program's own tables.
 *
 * Values are files in the layout of Baileys' `useMultiFileAuthState`; what changed since the last checkpoint is
 * in the journal and in memory. `set` returns when the change is in the journal, whole: a kill loses nothing.
 *
 * Throws `SESSION_LOCKED`, `SESSION_UNUSABLE`, or `STORAGE_FAILED` where trying again later is right.
 */
export async function openSession(path: string, options: SessionOptions): Promise<Session> {
  const folder = resolve(path);
  const fs = options.fs ?? realFileSystem;
  prepareFolder(fs, folder);
  const lock = await lockSession(folder);
  try {
    return new Session(folder, fs, lock, options);
  } catch (error) {
    await lock.release();
    throw isAppError(error) ? error : storageError('open', folder, error);
  }
}

export class Session implements KeyStore {
  readonly path: string;
  readonly creds: AuthenticationCreds;
  /** Whether this folder was linked when it was opened. */
  readonly wasLinked: boolean;
  readonly #fs: FileSystem;
  readonly #lock: Lock;
  readonly #log: SessionOptions['log'];
  readonly #onFailure: (error: unknown) => void;
  readonly #credentials: CredentialsFile;
  readonly #journal: Journal;
  readonly #cache = new KeyCache();
  /** The latest JSON of every key that is newer in the journal than in its file. */
  readonly #unsaved = new Map<string, { readonly json: string | null }>();
  readonly #tables = new Map<TableName, { rows: Map<string, unknown>; isUnsaved: boolean }>();
  #oldJournals: string[];
  #checkpointing: Promise<void> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #changedAtMs = 0;
  #closing: Promise<void> | undefined;

  constructor(path: string, fs: FileSystem, lock: Lock, options: SessionOptions) {
    this.path = path;
    this.#fs = fs;
    this.#lock = lock;
    this.#log = options.log;
    this.#onFailure =
      options.onFailure ?? ((error) => this.#log.warn({ err: error }, 'session write failed'));
    const loaded = loadCredentials(fs, path);
    this.creds = loaded.creds;
    this.#credentials = new CredentialsFile(fs, path);
    this.#credentials.adopt(loaded);
    if (loaded.source === 'copy') {
      this.#log.warn(`creds.json ${loaded.problem}: restored from the last good copy`);
    }
    forgetHalfPairing(this.creds);
    this.wasLinked = isLinked(this.creds);

    for (const name of TABLE_NAMES) {
      const rows = readTable(fs, path, name, (file) => this.#reportDamage(file));
      this.#tables.set(name, { rows, isUnsaved: false });
    }
    const names = fs.readdirSync(path);
    const journals = journalFiles(names);
    this.#oldJournals = journals.map(({ name }) => name);
    const contents = this.#oldJournals.map((name) => readIfThere(fs, join(path, name)) ?? Buffer.alloc(0));
    const replay = decodeJournals(contents);
    for (const changes of replay.records) this.#apply(changes);
    if (replay.damaged > 0)
      this.#log.warn({ records: replay.damaged }, 'damaged journal records were left out');
    this.#repairPreKeyIds(names);
    for (const name of names) if (LEFTOVER.test(name)) removeIfThere(fs, join(path, name));
    const last = { number: journals.at(-1)?.number ?? 0, sequence: replay.sequence };
    this.#journal = new Journal(fs, path, last, (error) => this.#onFailure(error));
    if (journals.length > 0) this.#checkpointWhenIdle();
  }

  /** Whether a phone has linked this session: a pairing that was begun does not count. */
  get isLinked(): boolean {
    return isLinked(this.creds);
  }

  /** The note that a logout left, if this session was logged out. */
  get logoutNote(): LogoutNote | undefined {
    return readLogoutNote(this.#fs, this.path);
  }

  noteLogout(note: LogoutNote): void {
    writeLogoutNote(this.#fs, this.path, note);
  }

  /** The values of these keys; one that is missing is left out. Throws where a file cannot be read. */
  get(type: string, ids: readonly string[]): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const id of ids) {
      const value = isTableName(type) ? this.#rows(type).get(id) : this.#read(type, id);
      if (value !== undefined && value !== null) found[id] = value;
    }
    return found;
  }

  #read(type: string, id: string): unknown {
    const name = keyFileName(type, id);
    const cached = this.#cache.get(name);
    if (cached) return cached.value;
    const unsaved = this.#unsaved.get(name);
    const json = unsaved ? unsaved.json : readIfThere(this.#fs, join(this.path, name))?.toString();
    let value: unknown;
    try {
      value = typeof json === 'string' ? keyFromJson(type, json) : undefined;
    } catch {
      renameAside(this.#fs, join(this.path, name));
      this.#reportDamage(name);
    }
    this.#cache.put(name, value, json?.length ?? 0);
    return value;
  }

  #reportDamage(file: string): void {
    this.#log.warn({ file }, 'a damaged file was set aside');
  }

  /**
   * Stores all of it as one record, or throws `STORAGE_FAILED` and changes nothing. Returns when a killed process
   * would lose nothing of it; new pre-keys are also safe from a power cut when the promise resolves.
   */
  set(changes: KeyChanges): void | Promise<void> {
    const record: Changes = new Map();
    for (const [type, values] of Object.entries(changes)) {
      const texts = new Map<string, string | null>();
      for (const [id, value] of Object.entries(values)) {
        if (this.#isStored(type, id, value)) continue;
        texts.set(id, value ? (isTableName(type) ? JSON.stringify(value) : keyToJson(type, value)) : null);
      }
      if (texts.size > 0) record.set(type, texts);
    }
    if (record.size === 0) return;
    try {
      this.#journal.append(record);
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
    this.#apply(record, changes);
    this.#checkpointWhenIdle();
    const preKeys = changes['pre-key'];
    if (preKeys && Object.values(preKeys).some((key) => key)) return this.#journal.sync();
  }

  /** Values are replaced, never changed in place: the same object is the same value. */
  #isStored(type: string, id: string, value: unknown): boolean {
    return !isTableName(type) && !!value && this.#cache.get(keyFileName(type, id))?.value === value;
  }

  #apply(record: Changes, values?: KeyChanges): void {
    for (const [type, texts] of record) {
      const table = isTableName(type) ? this.#tables.get(type) : undefined;
      for (const [id, json] of texts) {
        if (table) {
          table.isUnsaved = true;
          if (json === null) table.rows.delete(id);
          else table.rows.set(id, values?.[type]?.[id] ?? JSON.parse(json));
          continue;
        }
        const name = keyFileName(type, id);
        this.#unsaved.set(name, { json });
        if (values) this.#cache.put(name, json === null ? undefined : values[type]?.[id], json?.length ?? 0);
      }
    }
  }

  #rows(name: TableName): Map<string, unknown> {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table.rows;
  }

  /** The rows of one of the program's own durable maps, to read; `set({ [name]: … })` changes them. */
  rows<T>(name: TableName): ReadonlyMap<string, T> {
    return this.#rows(name) as ReadonlyMap<string, T>;
  }

  /** Saves the identity before it returns. Throws `STORAGE_FAILED`, with the old file untouched. */
  saveCreds(): void {
    this.#credentials.save(this.creds);
  }

  /** Before each connection: a pairing code that nobody entered leaves credentials that could not log in. */
  forgetHalfPairing(): void {
    forgetHalfPairing(this.creds);
  }

  /** Throws `STORAGE_FAILED` while nothing can be written. */
  probe(): void {
    try {
      probeFolder(this.#fs, this.path);
    } catch (error) {
      throw storageError('write in', this.path, error);
    }
  }

  /** Resolves when everything set so far survives a power cut. */
  flush(): Promise<void> {
    return this.#journal.sync();
  }

  /** Brings what is in the journal into the files. Concurrent calls share one run. */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#runCheckpoint().finally(() => {
      this.#checkpointing = undefined;
    });
    return this.#checkpointing;
  }

  async #runCheckpoint(): Promise<void> {
    await this.#journal.rotate();
    const old = [
      ...this.#oldJournals,
      ...journalFiles(this.#fs.readdirSync(this.path)).map(({ name }) => name),
    ];
    this.#oldJournals = [...new Set(old)].filter((name) => name !== this.#journal.name);
    const keys = [...this.#unsaved];
    const changes: FileChange[] = keys.map(([name, { json }]) => [name, json]);
    for (const [name, table] of this.#tables) {
      if (table.isUnsaved) changes.push([tableFileName(name), tableToJson(table.rows)]);
      table.isUnsaved = false;
    }
    try {
      await writeFiles(this.#fs, this.path, changes);
    } catch (error) {
      for (const table of this.#tables.values()) table.isUnsaved = true;
      throw error;
    }
    for (const [name, entry] of keys) if (this.#unsaved.get(name) === entry) this.#unsaved.delete(name);
    for (const name of this.#oldJournals) removeIfThere(this.#fs, join(this.path, name));
    this.#oldJournals = [];
  }

  #checkpointWhenIdle(): void {
    this.#changedAtMs = performance.now();
    if (this.#closing) return;
    if (this.#journal.sizeBytes > CHECKPOINT_BYTES) this.checkpoint().catch(this.#onFailure);
    else this.#idleTimer ??= setTimeout(() => this.#onIdleTimer(), CHECKPOINT_IDLE_MS).unref();
  }

  #onIdleTimer(): void {
    this.#idleTimer = undefined;
    const remainingMs = this.#changedAtMs + CHECKPOINT_IDLE_MS - performance.now();
    if (remainingMs > 0) this.#idleTimer = setTimeout(() => this.#onIdleTimer(), remainingMs).unref();
    else
      this.checkpoint().catch((error: unknown) => {
        this.#onFailure(error);
        this.#checkpointWhenIdle();
      });
  }

  /** After a kill, or an older copy of the credentials, ids may lag behind the pre-keys that exist. */
  #repairPreKeyIds(names: readonly string[]): void {
    let highest = 0;
    for (const name of [...names, ...this.#unsaved.keys()]) {
      const id = Number(PRE_KEY_FILE.exec(name)?.[1] ?? 0);
      if (id > highest) highest = id;
    }
    if (highest < this.creds.nextPreKeyId) return;
    this.#log.info({ from: this.creds.nextPreKeyId, to: highest + 1 }, 'the next pre-key id was repaired');
    this.creds.nextPreKeyId = highest + 1;
    this.creds.firstUnuploadedPreKeyId = highest + 1;
  }

  /** What is open, for the status page and the care commands. */
  facts(): { readonly journalBytes: number; readonly unsavedKeys: number } {
    return { journalBytes: this.#journal.sizeBytes, unsavedKeys: this.#unsaved.size };
  }

  /** Brings everything into the files and frees the folder. What cannot be written now stays in the journal. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    clearTimeout(this.#idleTimer);
    try {
      await this.#checkpointing?.catch(() => {});
      await this.checkpoint();
      await this.#journal.close();
      removeIfThere(this.#fs, join(this.path, this.#journal.name));
    } catch (error) {
      this.#onFailure(error);
    } finally {
      await this.#lock.release();
    }
  }
}

const PRE_KEY_FILE = /^pre-key-(\d+)\.json$/;
const LEFTOVER = /^\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$|^\.probe-\d+$/;
