import { dirname, join } from 'node:path';
import { AppError, messageOf, systemCode } from '../errors.ts';
import { FILE_MODE, type FileSystem, FOLDER_MODE, NAMES, replaceFile, storageError } from './files.ts';

/**
 * Makes the session folder ready: there, a folder, private to its owner, writable. Throws `SESSION_UNUSABLE`
 * with what to do, or `STORAGE_FAILED` where it is only full at the moment.
 */
export function prepareFolder(fs: FileSystem, path: string): void {
  try {
    fs.mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    throw describe(fs, path, error);
  }
  try {
    probeFolder(fs, path);
  } catch (error) {
    throw describe(fs, path, error);
  }
  makePrivate(fs, path);
}

/** Writes, syncs and removes a small file. Throws the system's error where that fails. */
export function probeFolder(fs: FileSystem, path: string): void {
  const probe = join(path, `.probe-${process.pid}`);
  const fd = fs.openSync(probe, 'w', FILE_MODE);
  try {
    fs.writeSync(fd, Buffer.alloc(16_384), 0, 16_384, 0);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(probe);
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
      `${ownerOf(fs, path)}. Run: sudo chown -R ${uid}:${gid} ${path}`,
    { cause: error },
  );
}

function ownerOf(fs: FileSystem, path: string): string {
  try {
    return `the folder belongs to uid ${fs.statSync(path).uid}`;
  } catch {
    return dirname(path) === path
      ? 'and it does not exist'
      : `it does not exist and ${ownerOf(fs, dirname(path))}`;
  }
}

/** A folder that another program made gets our modes; a new one is marked so that git never takes it. */
function makePrivate(fs: FileSystem, path: string): void {
  try {
    const wasOpen = (fs.statSync(path).mode & 0o077) !== 0;
    if (wasOpen) {
      fs.chmodSync(path, FOLDER_MODE);
      for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
        if (entry.isFile()) fs.chmodSync(join(path, entry.name), FILE_MODE);
      }
    }
    const gitignore = join(path, NAMES.gitignore);
    if (!fs.readdirSync(path).includes(NAMES.gitignore)) replaceFile(fs, gitignore, '*\n');
  } catch {
    // Modes and .gitignore are for safety's sake; file systems without modes refuse them, and the bot runs on.
  }
}
