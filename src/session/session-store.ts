import { resolve } from 'node:path';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { AppError, isAppError } from '../core/errors.ts';
import { type FileSystem, realFileSystem, storageError } from './folder/file-system.ts';
import { FOREIGN_FOLDER, foreignOwner } from './folder/foreign-owner.ts';
import { prepareFolder } from './folder/prepare-folder.ts';
import { probeFolder } from './folder/replace-file.ts';
import { forgetHalfPairing, isLinked, isUnconfirmed, resetIdentity } from './identity/credentials-json.ts';
import type { CredentialsFile } from './identity/load-credentials.ts';
import { type LogoutNote, readLogoutNote, writeLogoutNote } from './identity/logout-note.ts';
import { Checkpoints, foldJournals } from './journal/checkpoints.ts';
import { Journal } from './journal/journal.ts';
import { type Lock, lockSession } from './lock/folder-lock.ts';
import { type Recovered, recover, type SessionLog } from './recover-session.ts';
import type { RowCheck } from './values/all-tables.ts';
import { hasPreKeys, type KeyChanges, type KeyStore } from './values/key-changes.ts';
import type { StoredValues } from './values/stored-values.ts';
import type { TableName } from './values/table-names.ts';

export interface SessionOptions {
  readonly log: SessionLog;
  readonly fs?: FileSystem;
  /** Rows that do not fit are left out, with a warning. Default: any row fits. */
  readonly isRow?: RowCheck;
  /** Called at every failed write, also in the background. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * What lies in `SESSION_PATH`: one WhatsApp identity, its keys, and the program's own tables.
 *
 * Values are files in the layout of Baileys' `useMultiFileAuthState`. What changed since the last checkpoint is in
 * the journal and in memory. `set` returns when the whole change is in the journal: a kill loses nothing.
 *
 * Throws `SESSION_LOCKED`, `SESSION_UNUSABLE`, or `STORAGE_FAILED` if the same may work later.
 */
export async function openSession(path: string, options: SessionOptions): Promise<Session> {
  const folder = resolve(path);
  const fs = options.fs ?? realFileSystem;
  prepareFolder(fs, folder);
  const foreign = foreignOwner(folder);
  if (foreign) options.log.warn({ ownerUid: foreign.ownerUid, uid: foreign.uid }, FOREIGN_FOLDER);
  const lock = await lockSession(folder);
  try {
    const recovered = recover(fs, folder, options.log, lock.wasKilled, options.isRow);
    const journals = await foldJournals({ fs, folder, ...recovered });
    return new Session({ path: folder, fs, lock, recovered: { ...recovered, journals } }, options);
  } catch (error) {
    await lock.release();
    throw isAppError(error) ? error : storageError('open', folder, error);
  }
}

export interface SessionFacts {
  readonly journalBytes: number;
  readonly unsavedKeys: number;
  /** The size of each table's rows as JSON. */
  readonly tables: ReadonlyMap<TableName, { readonly rows: number; readonly bytes: number }>;
}

interface SessionParts {
  readonly path: string;
  readonly fs: FileSystem;
  readonly lock: Lock;
  readonly recovered: Recovered;
}

/** An open session: the identity, keys and tables of one folder, and its lock. Writes throw `STORAGE_FAILED`. */
export class Session implements KeyStore {
  readonly path: string;
  readonly creds: AuthenticationCreds;
  /** Whether this folder was linked when it was opened. */
  readonly wasLinked: boolean;
  /** Whether the last process that used this folder ended without a clean stop. */
  readonly wasKilled: boolean;
  readonly #fs: FileSystem;
  readonly #lock: Lock;
  readonly #onFailure: (error: unknown) => void;
  readonly #credentials: CredentialsFile;
  readonly #contents: StoredValues;
  readonly #journal: Journal;
  readonly #checkpoints: Checkpoints;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #isTried = true;
  /** Whether this turn of the event loop has found the folder in its place. */
  #isInPlace = false;

  constructor({ path, fs, lock, recovered }: SessionParts, options: SessionOptions) {
    this.path = path;
    this.creds = recovered.creds;
    this.wasLinked = isLinked(this.creds);
    this.wasKilled = lock.wasKilled;
    this.#fs = fs;
    this.#lock = lock;
    this.#onFailure =
      options.onFailure ?? ((error) => options.log.warn({ err: error }, 'could not write the session'));
    this.#credentials = recovered.credentials;
    this.#contents = recovered.contents;
    const { journals: oldJournals, sequence, contents } = recovered;
    const onFailure = this.#onFailure;
    this.#journal = new Journal(fs, path, sequence, onFailure);
    const checkFolder = (): void => this.#checkFolder();
    const parts = { fs, folder: path, journal: this.#journal, contents, oldJournals, onFailure, checkFolder };
    this.#checkpoints = new Checkpoints(parts);
  }

  /** Whether a phone has linked this session; an incomplete pairing does not count. */
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

  /** The values of these keys; one that is missing is left out. Throws if a file cannot be read. */
  get(type: string, ids: readonly string[]): Record<string, unknown> {
    const found: Array<[string, unknown]> = [];
    for (const id of ids) {
      const value = this.#contents.get(type, id);
      if (value !== undefined) found.push([id, value]);
    }
    return Object.fromEntries(found);
  }

  /**
   * Stores all of it as one record, or throws `STORAGE_FAILED` and changes nothing. Returns when a killed process
   * loses nothing of it; new pre-keys are also safe from a power cut when the promise resolves.
   */
  set(changes: KeyChanges): void | Promise<void> {
    const record = this.#contents.recordOf(changes);
    if (record.size === 0) return undefined;
    try {
      this.#checkFolderOnce();
      this.#journal.append(record);
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
    // The disk syncs while the rest is done.
    const synced = hasPreKeys(changes) ? this.flush() : undefined;
    this.#contents.apply(record, changes);
    this.#checkpoints.changed();
    return synced;
  }

  /** The rows of one of the program's own durable maps, to read; `set({ [name]: … })` changes them. */
  rows<T>(name: TableName): ReadonlyMap<string, T> {
    return this.#contents.rows(name) as ReadonlyMap<string, T>;
  }

  /** Saves the identity before it returns. Throws `STORAGE_FAILED`; the stored identity is then the old or the new one. */
  saveCreds(): void {
    this.#checkFolder();
    this.#credentials.save(this.creds);
  }

  /** Called before each connection: a pairing code that nobody entered leaves credentials that cannot log in. */
  forgetHalfPairing(): void {
    forgetHalfPairing(this.creds);
  }

  /**
   * For a session that WhatsApp refuses. If it never logged in, its pairing was cut off before the confirmation, and
   * it gets a new identity in memory; `saveCreds` stores it. Returns whether it did.
   */
  forgetUnconfirmedPairing(): boolean {
    const isForgotten = isUnconfirmed(this.creds);
    if (isForgotten) resetIdentity(this.creds);
    return isForgotten;
  }

  /** Throws `STORAGE_FAILED` while no file can be written. The first call does not try: opening has just tried. */
  probe(): void {
    const isTried = this.#isTried;
    this.#isTried = false;
    if (isTried) return;
    this.#checkFolder();
    try {
      probeFolder(this.#fs, this.path);
    } catch (error) {
      throw storageError('write in', this.path, error);
    }
  }

  /** As `#checkFolder`, but looks for the folder once in a turn of the event loop: a busy turn stores many times. */
  #checkFolderOnce(): void {
    if (this.#isInPlace && !this.#isClosed) return;
    this.#checkFolder();
    this.#isInPlace = true;
    setImmediate(() => {
      this.#isInPlace = false;
    });
  }

  /** Throws if this session is closed, or its folder was removed or replaced: the path may hold another session. */
  #checkFolder(): void {
    if (this.#isClosed) throw storageError('write', this.path, new Error('the session is closed'));
    if (this.#lock.isHeld()) return;
    this.#isInPlace = false;
    throw new AppError(
      'STORAGE_FAILED',
      `${this.path} was removed or replaced while the bot ran, and is no longer written. Start the bot again.`,
    );
  }

  /** Resolves when everything set so far survives a power cut. */
  async flush(): Promise<void> {
    try {
      await this.#journal.sync();
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }

  /** Writes what is in the journal into the files. Concurrent calls share one checkpoint. */
  checkpoint(): Promise<void> {
    return this.#checkpoints.run();
  }

  /** What is not in the files yet, for the status page. */
  facts(): SessionFacts {
    const { unsavedKeys, tableSizes } = this.#contents;
    return { journalBytes: this.#journal.sizeBytes, unsavedKeys, tables: tableSizes };
  }

  /** Writes everything into the files and releases the lock. What cannot be written now stays in the journal. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    try {
      await this.#checkpoints.finish();
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#isClosed = true;
      await this.#lock.release();
    }
  }
}
