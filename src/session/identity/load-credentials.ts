import { dirname, join } from 'node:path';
import { type AuthenticationCreds, initAuthCreds } from '@whiskeysockets/baileys';
import { AppError, isAppError, messageOf, shellWord, systemCode } from '../../core/errors.ts';
import { refuseHalfRestored } from '../care/restore-note.ts';
import {
  type FileSystem,
  NAMES,
  readIfThere,
  renameAside,
  replaceFile,
  textOf,
} from '../folder/file-system.ts';
import { credentialsToJson, isLinked, parseCredentials } from './credentials-json.ts';

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
 * Throws `STORAGE_FAILED` where it may be read later.
 */
export function loadCredentials(fs: FileSystem, folder: string): LoadedCredentials {
  refuseHalfRestored(fs, folder);
  const path = join(folder, NAMES.creds);
  const file = tryRead(fs, path);
  if (file.creds && isLinked(file.creds)) return { creds: file.creds, source: 'file', problem: undefined };
  const copy = tryRead(fs, join(folder, NAMES.credsCopy));
  if (file.creds && !lostItsLink(file.creds, copy.creds)) {
    return { creds: file.creds, source: 'file', problem: undefined };
  }
  if (copy.creds) return { creds: copy.creds, source: 'copy', problem: file.problem || 'is damaged' };
  if (file.isMissing && copy.isMissing) return { creds: initAuthCreds(), source: 'new', problem: undefined };
  throw new AppError(
    'SESSION_UNUSABLE',
    `${path} ${file.problem}, and there is no good copy of it beside it. ` +
      `Put a backup of ${folder} back, or link the bot anew: rm -rf ${shellWord(folder)}`,
  );
}

/** We never take a link back, so that it went out of the file by damage. */
function lostItsLink(creds: AuthenticationCreds, copy: AuthenticationCreds | undefined): boolean {
  if (!copy || !isLinked(copy)) return false;
  return Buffer.from(copy.signedIdentityKey.public).equals(creds.signedIdentityKey.public);
}

interface Attempt {
  readonly creds?: AuthenticationCreds;
  readonly isMissing: boolean;
  readonly problem: string;
}

function tryRead(fs: FileSystem, path: string): Attempt {
  let content: Buffer | undefined;
  try {
    content = readIfThere(fs, path);
  } catch (error) {
    return unreadable(fs, path, error);
  }
  if (content === undefined) return { isMissing: true, problem: 'is missing' };
  if (content.length === 0) return { isMissing: false, problem: 'is empty' };
  try {
    return { creds: parseCredentials(textOf(content) ?? ''), isMissing: false, problem: '' };
  } catch {
    return { isMissing: false, problem: 'is damaged' };
  }
}

/** Rights are for the person to mend, and a lack of files or memory passes: an older copy mends neither. */
function unreadable(fs: FileSystem, path: string, error: unknown): Attempt {
  const code = systemCode(isAppError(error) ? error.cause : error) ?? '';
  if (code === 'EACCES' || code === 'EPERM') {
    const uid = process.getuid?.() ?? 0;
    const owner = fs.statSync(dirname(path)).uid;
    // Who looks at the folder of another user must not take its files away from that one.
    const mend =
      owner === uid
        ? `Run: sudo chown ${uid} ${shellWord(path)}`
        : `Run this as uid ${owner}, whose folder it is.`;
    throw new AppError(
      'SESSION_UNUSABLE',
      `${path} cannot be read (${code}): this process runs as uid ${uid}. ${mend}`,
      { cause: error },
    );
  }
  if (['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'].includes(code)) throw error;
  return { isMissing: false, problem: `cannot be read (${code || messageOf(error)})` };
}

/**
 * Saves the identity before it returns: `creds.json` is replaced whole, and then the copy beside it, so that one
 * of the two is good and new at any instant.
 */
export class CredentialsFile {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #copyPath: string;
  #savedText: string | undefined;
  #copiedText: string | undefined;
  #isCopyLinked = false;

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.#path = join(folder, NAMES.creds);
    this.#copyPath = join(folder, NAMES.credsCopy);
  }

  /** Throws `STORAGE_FAILED`; the file is the old one or the new one then, never a part. */
  save(creds: AuthenticationCreds): void {
    const text = credentialsToJson(creds);
    if (text !== this.#savedText) replaceFile(this.#fs, this.#path, text);
    this.#savedText = text;
    if (text !== this.#copiedText) this.#copy(creds, text);
  }

  /**
   * A copy that cannot be written now is written with the next save: the identity itself is safe. One that was
   * linked is never replaced by one that is not, whoever put that there.
   */
  #copy(creds: AuthenticationCreds, text: string): void {
    if (this.#isCopyLinked && !isLinked(creds)) return;
    try {
      replaceFile(this.#fs, this.#copyPath, text);
      this.#copiedText = text;
      this.#isCopyLinked = isLinked(creds);
    } catch (error) {
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
    }
  }

  /**
   * Takes what was loaded as saved; a damaged original is kept beside it, and the good copy put in its place.
   * Tells whether both files are as this program leaves them: the same.
   */
  adopt(loaded: LoadedCredentials): boolean {
    if (loaded.source === 'new') return false;
    if (loaded.source === 'copy') renameAside(this.#fs, this.#path);
    else this.#savedText = credentialsToJson(loaded.creds);
    const copy = tryRead(this.#fs, this.#copyPath);
    if (copy.creds) {
      this.#copiedText = credentialsToJson(copy.creds);
      this.#isCopyLinked = isLinked(copy.creds);
    }
    const areSame = this.#savedText !== undefined && this.#savedText === this.#copiedText;
    this.save(loaded.creds);
    return areSame;
  }
}
