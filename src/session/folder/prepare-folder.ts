import { dirname, join } from 'node:path';
import { type AppError, systemCode } from '../../core/errors.ts';
import {
  FILE_MODE,
  type FileSystem,
  FOLDER_MODE,
  ignoreErrors,
  NAMES,
  probeFolder,
  readIfThere,
  replaceFile,
  storageError,
  syncFolder,
} from './file-system.ts';
import { folderProblem, unusableFolder } from './folder-problem.ts';

/**
 * Makes the session folder ready: there, a folder, private to its owner, writable. Throws `SESSION_UNUSABLE`
 * with what to do, or `STORAGE_FAILED` where it is only full at the moment.
 */
export function prepareFolder(fs: FileSystem, path: string): void {
  ensureFolder(fs, path);
  makePrivate(fs, path);
}

/** Makes it, where it is not there, and tries whether it can be written. Throws as `prepareFolder` does. */
export function ensureFolder(fs: FileSystem, path: string): void {
  try {
    makeFolder(fs, path);
    probeFolder(fs, path);
  } catch (error) {
    throw describe(fs, path, error);
  }
}

/** Level by level: Node's own `recursive` never comes back from /proc, where nothing can be made. */
export function makeFolder(fs: FileSystem, path: string): void {
  const missing: string[] = [];
  for (let folder = path; !isFolder(fs, folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      fs.mkdirSync(folder, { mode: FOLDER_MODE });
    } catch (error) {
      // Two bots may start at once beside each other.
      if (systemCode(error) !== 'EEXIST' || !isFolder(fs, folder)) throw error;
    }
    // A folder that was just made is a name in another one, which a power cut could lose.
    ignoreErrors(() => syncFolder(fs, dirname(folder)));
  }
}

/** Throws where the way there is barred. A file in its place is found out by what is done next. */
function isFolder(fs: FileSystem, path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return false;
  }
}

const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);

function describe(fs: FileSystem, path: string, error: unknown): AppError {
  if (PASSING.has(systemCode(error) ?? '')) return storageError('write in', path, error);
  return unusableFolder(folderProblem(fs, path, error), error);
}

/** A folder that another program made gets our modes; a new one is marked so that git never takes it. */
function makePrivate(fs: FileSystem, path: string): void {
  // Modes and .gitignore are for safety's sake; file systems without modes refuse them, and the bot runs on.
  ignoreErrors(() => {
    const isOpen = (fs.statSync(path).mode & 0o077) !== 0;
    if (!isOpen) return;
    // The folder last: where this is interrupted, the next start does it all again.
    for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile()) ignoreErrors(() => fs.chmodSync(join(path, entry.name), FILE_MODE));
    }
    fs.chmodSync(path, FOLDER_MODE);
  });
  ignoreErrors(() => {
    const gitignore = join(path, NAMES.gitignore);
    if (readIfThere(fs, gitignore) === undefined) replaceFile(fs, gitignore, '*\n');
  });
}
