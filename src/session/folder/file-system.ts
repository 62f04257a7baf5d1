import { isUtf8 } from 'node:buffer';
import * as nodeFs from 'node:fs';
import { AppError, isAppError, messageOf, systemCode } from '../../core/errors.ts';
import { isUnfitFile, refuseUnfit } from './read-file.ts';

/** The file operations that the session uses, so that a test can let any of them fail. */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'chmodSync'
  | 'closeSync'
  | 'fdatasync'
  | 'fstatSync'
  | 'fsync'
  | 'fsyncSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'readSync'
  | 'renameSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export const realFileSystem: FileSystem = nodeFs;

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** The error of a failed file operation: what failed, on which file, and what to do. */
export function storageError(action: string, path: string, cause: unknown): AppError {
  const code = systemCode(cause);
  const remedy =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'The disk is full: make room, the bot tries again by itself.'
      : code === 'EMFILE' || code === 'ENFILE'
        ? 'Too many files are open: raise `ulimit -n`.'
        : 'Check the disk and the rights of the session folder.';
  return new AppError(
    'STORAGE_FAILED',
    `Could not ${action} ${path} (${code ?? messageOf(cause)}). ${remedy}`,
    {
      cause,
    },
  );
}

/** Writes all of `data` at `position`, in as many calls as that takes: a short write is not success. */
export function writeFully(fs: FileSystem, fd: number, data: Buffer, position: number): void {
  let written = 0;
  while (written < data.length) {
    const count = fs.writeSync(fd, data, written, data.length - written, position + written);
    if (count === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    written += count;
  }
}

/** Makes renames and new names in a folder survive a power cut. Not every file system lets a folder be synced. */
export function syncFolder(fs: FileSystem, path: string): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'ENOTSUP') throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** For cleaning up after a failure: the first failure is the one to report. */
export function ignoreErrors(work: () => void): void {
  try {
    work();
  } catch {
    // No later step depends on it.
  }
}

/**
 * The content of a regular file, or undefined if there is none. Any other failure throws `STORAGE_FAILED`, also a FIFO,
 * a device or a file that is too large (see `refuseUnfit`).
 */
export function readIfThere(fs: FileSystem, path: string): Buffer | undefined {
  try {
    // Asked first, because opening a FIFO waits for a writer and a device may be read without end.
    const stats = statsIfThere(fs, path);
    if (stats) refuseUnfit(path, stats);
    return fs.readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw storageError('read', path, error);
  }
}

/** The same, but empty if it cannot be a file of a session (a FIFO, a file that is too large): it counts as damaged. */
export function readFit(fs: FileSystem, path: string): Buffer | undefined {
  try {
    return readIfThere(fs, path);
  } catch (error) {
    if (isAppError(error) && isUnfitFile(error.cause)) return Buffer.alloc(0);
    throw error;
  }
}

function statsIfThere(fs: FileSystem, path: string): nodeFs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether what is at a path can be read as a file, whatever its size. Throws `STORAGE_FAILED` if that cannot be told.
 */
export function isReadableFile(fs: FileSystem, path: string): boolean {
  try {
    const stats = statsIfThere(fs, path);
    if (stats) refuseUnfit(path, stats, Number.POSITIVE_INFINITY);
    return true;
  } catch (error) {
    if (isUnfitFile(error)) return false;
    throw storageError('inspect', path, error);
  }
}

/** The size of a file in bytes; undefined if there is none. Throws `STORAGE_FAILED` if that cannot be told. */
export function sizeIfThere(fs: FileSystem, path: string): number | undefined {
  try {
    return statsIfThere(fs, path)?.size;
  } catch (error) {
    throw storageError('look at', path, error);
  }
}

/** Whether there is something under this name. Throws `STORAGE_FAILED` if that cannot be told. */
export const isThere = (fs: FileSystem, path: string): boolean => sizeIfThere(fs, path) !== undefined;

/** Removes a file if it exists. */
export function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw storageError('remove', path, error);
  }
}

/** Renames a damaged file to `*.damaged`, so that it can be inspected. If that fails, it stays. */
export function renameAside(fs: FileSystem, path: string): void {
  ignoreErrors(() => fs.renameSync(path, `${path}.damaged`));
}

/** The text of a file, or undefined if it is not UTF-8: damage inside a string need not break its JSON. */
export function textOf(content: Buffer): string | undefined {
  return isUtf8(content) ? content.toString() : undefined;
}
