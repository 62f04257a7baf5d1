import { dirname, join } from 'node:path';
import { type AppError, systemCode } from '../../core/errors.ts';
import { NAMES } from './file-names.ts';
import {
  FILE_MODE,
  type FileSystem,
  FOLDER_MODE,
  ignoreErrors,
  readIfThere,
  storageError,
  syncFolder,
} from './file-system.ts';
import { folderProblem, unusableFolder } from './folder-problem.ts';
import { probeFolder, replaceFile } from './replace-file.ts';

/**
 * Makes the session folder if it is missing, private to its owner, and checks that it can be written. Throws
 * `SESSION_UNUSABLE` with what to do, or `STORAGE_FAILED` if the disk is only full at the moment.
 */
export function prepareFolder(fs: FileSystem, path: string): void {
  ensureFolder(fs, path);
  makePrivate(fs, path);
}

/** Makes the folder if it is missing, and checks that it can be written. Throws as `prepareFolder` does. */
export function ensureFolder(fs: FileSystem, path: string): void {
  try {
    makeFolder(fs, path);
    probeFolder(fs, path);
  } catch (error) {
    throw describe(fs, path, error);
  }
}

/** Level by level, because Node's own `recursive` never returns under /proc. */
export function makeFolder(fs: FileSystem, path: string): void {
  const missing: string[] = [];
  for (let folder = path; !isFolder(fs, folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      fs.mkdirSync(folder, { mode: FOLDER_MODE });
    } catch (error) {
      // Another bot may make the same folder at the same time.
      if (systemCode(error) !== 'EEXIST' || !isFolder(fs, folder)) throw error;
    }
    // A power cut could lose the name of a new folder.
    ignoreErrors(() => syncFolder(fs, dirname(folder)));
  }
}

/** Throws if the path cannot be followed. True also for a file; making something in it then fails. */
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

/** Sets modes on a folder that another program made, and adds a `.gitignore` so that git never takes the session. */
function makePrivate(fs: FileSystem, path: string): void {
  // File systems without modes refuse this; the bot runs on.
  ignoreErrors(() => {
    const isOpen = (fs.statSync(path).mode & 0o077) !== 0;
    if (!isOpen) return;
    // The folder last: if this is interrupted, the next start does it all again.
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
