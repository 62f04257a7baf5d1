import type { Stats } from 'node:fs';
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { type FileSystem, realFileSystem } from '../folder/file-system.ts';
import { readRegularFile } from '../folder/read-file.ts';
import { isLinked } from '../identity/credentials-json.ts';
import { type LoadedCredentials, loadCredentials } from '../identity/load-credentials.ts';
import { journalNames } from '../journal/journal.ts';
import { namesOfFiles, type ReadContents, readContents } from '../recover-session.ts';
import { TABLE_INDEX } from '../values/table-names.ts';

/** Reads, and refuses everything else: inspecting a session must not change it, especially while a bot runs. */
const readOnly: FileSystem = (() => {
  const refuse = (): never => {
    throw Object.assign(new Error('this file system is read-only'), { code: 'EROFS' });
  };
  const openSync: FileSystem['openSync'] = (path, flags) =>
    flags === 'r' ? realFileSystem.openSync(path, flags) : refuse();
  const changing = { chmodSync: refuse, mkdirSync: refuse, renameSync: refuse, unlinkSync: refuse };
  return { ...realFileSystem, ...changing, openSync, writeSync: refuse };
})();

export interface Inspection extends ReadContents {
  readonly loaded: LoadedCredentials;
  readonly isLinked: boolean;
  /** A pairing was begun and not completed. */
  readonly isHalfPaired: boolean;
}

/** What is in a session folder. Changes nothing. Throws `SESSION_UNUSABLE` or `STORAGE_FAILED`. */
export function inspectSession(folder: string): Inspection {
  return inspectWith(readOnly, folder);
}

/** How often a folder is read again because its files were replaced meanwhile. */
const MOST_READINGS = 20;

/**
 * `inspectSession`, with no row missing while a bot writes. A checkpoint moves rows from a journal to a page. If the
 * page is read before the checkpoint and the journal after it, the rows are in neither.
 */
export function inspectSteadily(folder: string): Inspection {
  for (let reading = 1; ; reading++) {
    const before = marksOf(folder);
    const inspection = inspectSession(folder);
    if (marksOf(folder) === before || reading === MOST_READINGS) return inspection;
  }
}

/** Differs after a checkpoint: it replaces the index of the tables and removes journals. */
function marksOf(folder: string): string {
  const names = [TABLE_INDEX, ...journalNames(namesOfFiles(readOnly, folder))];
  return names
    .map((name) => {
      const stats = statIfThere(join(folder, name));
      // A journal grows, which does no harm.
      return `${name} ${stats?.ino} ${stats?.birthtimeMs} ${name === TABLE_INDEX ? stats?.mtimeMs : ''}`;
    })
    .join('\n');
}

/** The same for a folder that others made: links in the place of its files are not followed. */
export function inspectBackup(folder: string): Inspection {
  const readFileSync = ((path: string) =>
    readRegularFile(path, { followsLinks: false })) as FileSystem['readFileSync'];
  const statSync = ((path: string, options: object) => lstatSync(path, options)) as FileSystem['statSync'];
  return inspectWith({ ...readOnly, readFileSync, statSync }, folder);
}

function inspectWith(readOnly: FileSystem, folder: string): Inspection {
  const loaded = loadCredentials(readOnly, folder);
  const names = namesOfFiles(readOnly, folder);
  const contents = readContents(readOnly, folder, names, {
    onDamage: () => {},
    onEvicted: () => {},
  });
  const linked = isLinked(loaded.creds);
  const isHalfPaired = !linked && loaded.creds.me !== undefined;
  return { ...contents, loaded, isLinked: linked, isHalfPaired };
}

/** A clone of the repository has `sessions/` with a `.gitignore` in it: that is not a session. */
export function holdsAnything(folder: string): boolean {
  if (statIfThere(folder)?.isDirectory() !== true) return false;
  return readdirSync(folder).some((name) => name !== NAMES.gitignore);
}

/** The phone number of the account. It must not be printed whole. */
export function numberOf(creds: AuthenticationCreds): string | undefined {
  return /^(\d+)/.exec(creds.me?.id ?? '')?.[1];
}

/** The path without links; its end need not exist yet. `SESSION_PATH` may be a link, or lie behind one. */
export function realFolder(path: string): string {
  const folder = resolve(path);
  try {
    return realpathSync(folder);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) return folder;
    return join(realFolder(dirname(folder)), basename(folder));
  }
}

/** Undefined if nothing exists there. Links are not followed: the files of a session are never links. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The names of the files in a session folder. Folders inside belong to other bots. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** The names of what is neither a file nor a folder. */
export function notFilesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile() && !entry.isDirectory())
    .map(({ name }) => name);
}

/** Whether a file belongs to the session and not to the process that uses it. */
export function isSessionFile(folder: string, name: string): boolean {
  const isOfProcess = [NAMES.owner, NAMES.qr, NAMES.restoring].some((own) => own === name);
  if (isOfProcess || name.endsWith('.tmp')) return false;
  return statIfThere(join(folder, name))?.isFile() === true;
}
