import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import {
  FILE_MODE,
  type FileSystem,
  ignoreErrors,
  storageError,
  syncFolder,
  writeFully,
} from './file-system.ts';

const temporaryIn = (folder: string): string => join(folder, `.${randomUUID()}.tmp`);

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
