import { dirname, join } from 'node:path';
import { type AuthenticationCreds, initAuthCreds } from '@whiskeysockets/baileys';
import { AppError, isAppError, messageOf, shellWord, systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { type FileSystem, readIfThere, renameAside, textOf } from '../folder/file-system.ts';
import { isUnfitFile } from '../folder/read-file.ts';
import { replaceFile } from '../folder/replace-file.ts';
import { refuseHalfRestored } from '../folder/restore-note.ts';
import { credentialsToJson, isLinked, parseCredentials } from './credentials-json.ts';

export interface LoadedCredentials {
  readonly creds: AuthenticationCreds;
  /** Where they came from: `copy` means that `creds.json` was missing or could not be read. */
  readonly source: 'file' | 'copy' | 'new';
  /** What was wrong with `creds.json`, if they came from the copy. */
  readonly problem: string | undefined;
}

/**
 * The identity in a folder. Only a folder with neither `creds.json` nor its last good copy gets a new one.
 * Throws `SESSION_UNUSABLE` if there is one that cannot be read: a new identity must never replace an old one.
 * Throws `STORAGE_FAILED` if it may be readable later.
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
      `Put a backup of ${folder} back, or link the bot again: rm -rf ${shellWord(folder)}`,
  );
}

/** The program never removes a link, so a file that lacks it is damaged. */
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

/**
 * For these errors the copy is not tried: the person must correct wrong rights, and a lack of file handles or memory
 * ends by itself.
 */
function unreadable(fs: FileSystem, path: string, error: unknown): Attempt {
  const code = systemCode(isAppError(error) ? error.cause : error) ?? '';
  if (code === 'EACCES' || code === 'EPERM') {
    const uid = process.getuid?.() ?? 0;
    const owner = fs.statSync(dirname(path)).uid;
    // A user who inspects the folder of another user must not be told to take its files over.
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
  const cause = isAppError(error) ? error.cause : error;
  if (isUnfitFile(cause)) return { isMissing: false, problem: `cannot be used (${messageOf(cause)})` };
  return { isMissing: false, problem: `cannot be read (${code || messageOf(error)})` };
}

/**
 * Saves the identity before it returns: `creds.json` is replaced whole, and then the copy beside it, so that at any
 * instant one of the two is whole and current.
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

  /** Throws `STORAGE_FAILED`; the file is then the old one or the new one, never a part. */
  save(creds: AuthenticationCreds): void {
    const text = credentialsToJson(creds);
    if (text !== this.#savedText) replaceFile(this.#fs, this.#path, text);
    this.#savedText = text;
    if (text !== this.#copiedText) this.#copy(creds, text);
  }

  /**
   * A copy that cannot be written now is written at the next save: the identity itself is safe. A linked copy must
   * never be replaced by one that is not linked.
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
   * Takes what was loaded as saved. If it came from the copy, the damaged original is renamed and the copy takes its
   * place. Returns whether both files are the same, as this program leaves them.
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
