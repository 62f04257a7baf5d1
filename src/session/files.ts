import { createHash, randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, messageOf, systemCode } from '../errors.ts';

/** The file operations that the session uses, so that a test can let any of them fail. */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'chmodSync'
  | 'closeSync'
  | 'copyFileSync'
  | 'fdatasync'
  | 'fstatSync'
  | 'fsync'
  | 'fsyncSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'renameSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export const realFileSystem: FileSystem = nodeFs;

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** What our own files are called. Everything else in the folder is `TYPE-ID.json`, a key in the stock layout. */
export const NAMES = {
  creds: 'creds.json',
  credsCopy: 'creds.backup.json',
  logout: 'logged-out.json',
  qr: 'qr-code.png',
  gitignore: '.gitignore',
  owner: 'owner.json',
} as const;

const LONGEST_NAME_BYTES = 200;

/**
 * The file of a key, as Baileys' `useMultiFileAuthState` names it: `/` becomes `__` and `:` becomes `-`.
 * A name that no file system takes (longer than 200 bytes, or with a NUL) ends in its SHA-256 instead.
 */
export function keyFileName(type: string, id: string): string {
  const stock = `${type}-${id}`.replaceAll('/', '__').replaceAll(':', '-');
  if (Buffer.byteLength(stock) <= LONGEST_NAME_BYTES && !stock.includes('\0')) return `${stock}.json`;
  const digest = createHash('sha256').update(`${type}-${id}`).digest('hex');
  return `${type}-${digest}.json`;
}

/** A failed file operation, told to a person: what failed, on which file, and what to do. */
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

/** Writes all of `data` at `position`, however many calls that takes. A short write is not success. */
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

/** Opens a file beside `path`, writes `data`, checks its size; the caller syncs, closes and renames. */
export function writeBeside(fs: FileSystem, path: string, data: Buffer): { fd: number; temporary: string } {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
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

/** Closes and removes a half-made file; that it fails too changes nothing. */
export function discard(fs: FileSystem, fd: number, temporary: string): void {
  ignoreErrors(() => fs.closeSync(fd));
  ignoreErrors(() => fs.unlinkSync(temporary));
}

function ignoreErrors(work: () => void): void {
  try {
    work();
  } catch {
    // The first failure is the one that is reported.
  }
}

/**
 * Replaces a file whole or not at all, and durably: written beside, synced, renamed, folder synced.
 * Throws `STORAGE_FAILED`, with the old file untouched.
 */
export function replaceFile(fs: FileSystem, path: string, data: string | Buffer): void {
  try {
    const { fd, temporary } = writeBeside(fs, path, Buffer.from(data));
    try {
      fs.fsyncSync(fd);
      fs.closeSync(fd);
      fs.renameSync(temporary, path);
    } catch (error) {
      discard(fs, fd, temporary);
      throw error;
    }
    syncFolder(fs, dirname(path));
  } catch (error) {
    throw storageError('write', path, error);
  }
}

/** The content of a file, or undefined where there is none. Any other failure throws `STORAGE_FAILED`. */
export function readIfThere(fs: FileSystem, path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw storageError('read', path, error);
  }
}

/** Removes a file; that there is none is fine. */
export function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw storageError('remove', path, error);
  }
}

/** Keeps a damaged file out of the way, for whoever wants to look at it. */
export function renameAside(fs: FileSystem, path: string): void {
  try {
    fs.renameSync(path, `${path}.damaged`);
  } catch (error) {
    throw storageError('set aside', path, error);
  }
}
