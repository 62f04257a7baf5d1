import { join } from 'node:path';
import { type AuthenticationCreds, BufferJSON, initAuthCreds } from '@whiskeysockets/baileys';
import { AppError, messageOf } from '../errors.ts';
import { type FileSystem, NAMES, readIfThere, replaceFile } from './files.ts';

export interface LoadedCredentials {
  readonly creds: AuthenticationCreds;
  /** Where they came from: `copy` means that `creds.json` was missing or could not be read. */
  readonly source: 'file' | 'copy' | 'new';
  /** What was wrong with `creds.json`, where it came from the copy. */
  readonly problem: string | undefined;
}

/**
 * The identity in a folder. Only a folder with neither `creds.json` nor its last good copy gets a new one.
 * Throws `SESSION_UNUSABLE` where there is one that nobody can read: never a new identity over an old one.
 */
export function loadCredentials(fs: FileSystem, folder: string): LoadedCredentials {
  const file = tryRead(fs, join(folder, NAMES.creds));
  if (file.creds) return { creds: file.creds, source: 'file', problem: undefined };
  const copy = tryRead(fs, join(folder, NAMES.credsCopy));
  if (copy.creds) return { creds: copy.creds, source: 'copy', problem: file.problem };
  if (file.isMissing && copy.isMissing) return { creds: initAuthCreds(), source: 'new', problem: undefined };
  throw new AppError(
    'SESSION_UNUSABLE',
    `${join(folder, NAMES.creds)} ${file.problem}, and there is no good copy of it beside it. ` +
      `Put a backup of ${folder} back, or link the bot anew: rm -rf ${folder}`,
  );
}

function tryRead(
  fs: FileSystem,
  path: string,
): { creds?: AuthenticationCreds; isMissing: boolean; problem: string } {
  let content: Buffer | undefined;
  try {
    content = readIfThere(fs, path);
  } catch (error) {
    return { isMissing: false, problem: `cannot be read (${messageOf(error)})` };
  }
  if (content === undefined) return { isMissing: true, problem: 'is missing' };
  if (content.length === 0) return { isMissing: false, problem: 'is empty' };
  try {
    return { creds: parseCredentials(content.toString()), isMissing: false, problem: '' };
  } catch {
    return { isMissing: false, problem: 'is damaged' };
  }
}

/** Throws where the text is not JSON, or not an identity. */
export function parseCredentials(text: string): AuthenticationCreds {
  const parsed: unknown = JSON.parse(text, BufferJSON.reviver);
  if (!isCredentials(parsed)) throw new Error('these are not the credentials of a WhatsApp session');
  return parsed;
}

function isCredentials(value: unknown): value is AuthenticationCreds {
  if (typeof value !== 'object' || value === null) return false;
  const creds = value as Record<string, unknown>;
  return (
    isKeyPair(creds.noiseKey) &&
    isKeyPair(creds.signedIdentityKey) &&
    isKeyPair((creds.signedPreKey as Record<string, unknown> | undefined)?.keyPair) &&
    typeof creds.registrationId === 'number' &&
    typeof creds.advSecretKey === 'string' &&
    typeof creds.nextPreKeyId === 'number'
  );
}

function isKeyPair(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { public: publicKey, private: privateKey } = value as Record<string, unknown>;
  return (
    publicKey instanceof Uint8Array &&
    privateKey instanceof Uint8Array &&
    privateKey.length === 32 &&
    publicKey.length >= 32
  );
}

/** Credentials count as linked once `account` is there: a pairing code sets `me` long before that. */
export function isLinked(creds: AuthenticationCreds): boolean {
  return creds.account !== undefined && creds.me !== undefined;
}

/** Takes back what a pairing that was never completed left, so that the next connection registers anew. */
export function forgetHalfPairing(creds: AuthenticationCreds): void {
  if (isLinked(creds)) return;
  delete creds.me;
  delete creds.account;
  creds.pairingCode = undefined;
  creds.registered = false;
}

/**
 * Saves the identity before it returns: `creds.json` is replaced whole, and what was there stays as the last
 * good copy. Throws `STORAGE_FAILED`, with the old file untouched.
 */
export class CredentialsFile {
  readonly #fs: FileSystem;
  readonly #folder: string;
  #savedText: string | undefined;

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.#folder = folder;
  }

  save(creds: AuthenticationCreds): void {
    const text = JSON.stringify(creds, BufferJSON.replacer);
    if (text === this.#savedText) return;
    if (this.#savedText !== undefined)
      replaceFile(this.#fs, join(this.#folder, NAMES.credsCopy), this.#savedText);
    replaceFile(this.#fs, join(this.#folder, NAMES.creds), text);
    this.#savedText = text;
  }

  /** Takes what was loaded as saved; a damaged original is kept beside it, and the good copy put in its place. */
  adopt(loaded: LoadedCredentials): void {
    if (loaded.source === 'new') return;
    if (loaded.source === 'copy') {
      const path = join(this.#folder, NAMES.creds);
      const damaged = readIfThere(this.#fs, path);
      if (damaged) replaceFile(this.#fs, `${path}.damaged`, damaged);
    } else {
      this.#savedText = JSON.stringify(loaded.creds, BufferJSON.replacer);
    }
    this.save(loaded.creds);
    if (!readIfThere(this.#fs, join(this.#folder, NAMES.credsCopy))) {
      replaceFile(
        this.#fs,
        join(this.#folder, NAMES.credsCopy),
        JSON.stringify(loaded.creds, BufferJSON.replacer),
      );
    }
  }
}

/** What a logout left: the next start says the same at once and stays offline until the folder is removed. */
export interface LogoutNote {
  readonly atMs: number;
  readonly reason: string;
}

export function readLogoutNote(fs: FileSystem, folder: string): LogoutNote | undefined {
  const content = readIfThere(fs, join(folder, NAMES.logout));
  if (!content) return undefined;
  try {
    const note = JSON.parse(content.toString()) as Partial<LogoutNote>;
    return { atMs: Number(note.atMs) || 0, reason: String(note.reason ?? '') };
  } catch {
    return { atMs: 0, reason: '' };
  }
}

export function writeLogoutNote(fs: FileSystem, folder: string, note: LogoutNote): void {
  replaceFile(fs, join(folder, NAMES.logout), `${JSON.stringify(note)}\n`);
}
