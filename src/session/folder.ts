import { dirname, join } from 'node:path';
import { AppError, messageOf, systemCode } from '../errors.ts';
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
} from './files.ts';

/**
 * Makes the session folder ready: there, a folder, private to its owner, writable. Throws `SESSION_UNUSABLE`
 * with what to do, or `STORAGE_FAILED` where it is only full at the moment.
 */
export function prepareFolder(fs: FileSystem, path: string): void {
  try {
    const firstMade = fs.mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
    if (firstMade !== undefined) ignoreErrors(() => syncParents(fs, path, firstMade));
    probeFolder(fs, path);
  } catch (error) {
    throw describe(fs, path, error);
  }
  makePrivate(fs, path);
}

/** A folder that was just made is a name in another one, which a power cut could lose. */
function syncParents(fs: FileSystem, path: string, firstMade: string): void {
  for (let folder = path; folder.length >= firstMade.length; folder = dirname(folder)) {
    syncFolder(fs, dirname(folder));
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);

function describe(fs: FileSystem, path: string, error: unknown): AppError {
  const code = systemCode(error) ?? '';
  if (FULL.has(code)) return storageError('write in', path, error);
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new AppError(
      'SESSION_UNUSABLE',
      `SESSION_PATH ${path} is not a folder (or lies under a file). Remove that file, or set another SESSION_PATH.`,
      { cause: error },
    );
  }
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return new AppError(
    'SESSION_UNUSABLE',
    `The session folder ${path} cannot be written (${code || messageOf(error)}): this process runs as uid ${uid}, ` +
      remedyFor(fs, path, uid, gid),
    { cause: error },
  );
}

function remedyFor(fs: FileSystem, path: string, uid: number, gid: number): string {
  try {
    return `the folder belongs to uid ${fs.statSync(path).uid}. Run: sudo chown -R ${uid}:${gid} ${path}`;
  } catch {
    return `and it cannot be made. Run: sudo install -d -m 0700 -o ${uid} -g ${gid} ${path}`;
  }
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
