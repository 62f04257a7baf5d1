import { isUtf8 } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { dirname, join } from 'node:path';
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

/** The names of the program's own files. Every other file is `TYPE-ID.json`, a key in the layout of Baileys. */
export const NAMES = {
  creds: 'creds.json',
  credsCopy: 'creds.backup.json',
  logout: 'logged-out.json',
  restoring: 'restoring.json',
  qr: 'qr-code.png',
  gitignore: '.gitignore',
  owner: 'owner.json',
  /** A folder, so that looking for other owners does not list fifty thousand keys. */
  lock: '.lock',
} as const;

/** The longest name that file systems take, less `.json`. */
const LONGEST_NAME_BYTES = 250;
const OWN_NAMES = /^(creds|creds\.backup|logged-out|owner|restoring|table-.*)$/;

/**
 * The file of a key, as Baileys' `useMultiFileAuthState` names it: `/` becomes `__` and `:` becomes `-`.
 * A name that no file system takes (too long, with a NUL, with a lone surrogate), or that is one of the program's
 * own, is replaced by its SHA-256.
 */
export function keyFileName(type: string, id: string): string {
  const stock = `${type}-${id}`.replaceAll('/', '__').replaceAll(':', '-');
  const isPossible =
    Buffer.byteLength(stock) <= LONGEST_NAME_BYTES &&
    !stock.includes('\0') &&
    !/\p{Surrogate}/u.test(stock) &&
    !OWN_NAMES.test(stock);
  if (isPossible) return `${stock}.json`;
  return `key-${createHash('sha256').update(stock, 'utf16le').digest('hex')}.json`;
}

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

const LEFTOVER = /^\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/;

const temporaryIn = (folder: string): string => join(folder, `.${randomUUID()}.tmp`);

/** Whether this is a temporary file that a killed process left. */
export const isLeftover = (name: string): boolean => LEFTOVER.test(name);

/** Writes, syncs and removes a small file. Throws the system's error if that fails. */
export function probeFolder(fs: FileSystem, path: string): void {
  const { fd, temporary } = writeBeside(fs, join(path, 'probe'), Buffer.alloc(16_384));
  try {
    fs.fsyncSync(fd);
  } finally {
    discard(fs, fd, temporary);
  }
}

/** Opens a file beside `path`, writes `data`, checks its size; the caller syncs, closes and renames. */
export function writeBeside(fs: FileSystem, path: string, data: Buffer): { fd: number; temporary: string } {
  const temporary = temporaryIn(dirname(path));
  const fd = fs.openSync(temporary, 'wx', FILE_MODE);
  try {
    writeFully(fs, fd, data, 0);
    const { size } = fs.fstatSync(fd);
    if (size !== data.length)
      throw Object.assign(new Error(`${size} of ${data.length} bytes`), { code: 'EIO' });
    return { fd, temporary };
  } catch (error) {
    discard(fs, fd, temporary);
    throw error;
  }
}

/** Closes and removes a half-written file; errors are ignored. */
export function discard(fs: FileSystem, fd: number, temporary: string): void {
  ignoreErrors(() => fs.closeSync(fd));
  ignoreErrors(() => fs.unlinkSync(temporary));
}

/** For cleaning up after a failure: the first failure is the one to report. */
export function ignoreErrors(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing depends on it.
  }
}

/** Closes what was written and synced, and gives it its name. */
export function publish(fs: FileSystem, fd: number, temporary: string, path: string): void {
  try {
    fs.closeSync(fd);
    fs.renameSync(temporary, path);
  } catch (error) {
    // Never a second close: the number may belong to another file by now.
    ignoreErrors(() => fs.unlinkSync(temporary));
    throw error;
  }
}

/**
 * Replaces a file whole or not at all, and durably: written beside, synced, renamed, folder synced.
 * Throws `STORAGE_FAILED`; the file is the old one or the new one then, never a part.
 */
export function replaceFile(fs: FileSystem, path: string, data: string | Buffer): void {
  try {
    const { fd, temporary } = writeBeside(fs, path, Buffer.from(data));
    try {
      fs.fsyncSync(fd);
    } catch (error) {
      discard(fs, fd, temporary);
      throw error;
    }
    publish(fs, fd, temporary, path);
    syncFolder(fs, dirname(path));
  } catch (error) {
    throw storageError('write', path, error);
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

/** The same; empty for what is no file of a session (a FIFO, a file that is too large), which counts as damaged. */
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

/** Whether what is at a path can be read as a file, whatever its size. Throws `STORAGE_FAILED` if that cannot be told. */
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
