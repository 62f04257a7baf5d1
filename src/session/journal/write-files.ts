import { join } from 'node:path';
import { type FileSystem, removeIfThere, storageError, syncFolder } from '../folder/file-system.ts';
import { discard, publish, writeBeside } from '../folder/replace-file.ts';

/** The latest content of a file; `null` to remove it. */
export type FileChange = readonly [name: string, json: string | null];

/** How many files are open at once: far below any `ulimit -n`. */
const CONCURRENCY = 16;

/**
 * Writes each file whole or not at all, and durably. Throws `STORAGE_FAILED` at the first that fails; the
 * files before it are written.
 */
export async function writeFiles(
  fs: FileSystem,
  folder: string,
  changes: readonly FileChange[],
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let change = changes[next++]; change; change = changes[next++]) await writeOne(fs, folder, change);
  };
  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  syncNames(fs, folder);
}

function syncNames(fs: FileSystem, folder: string): void {
  try {
    syncFolder(fs, folder);
  } catch (error) {
    throw storageError('sync', folder, error);
  }
}

async function writeOne(fs: FileSystem, folder: string, [name, json]: FileChange): Promise<void> {
  const path = join(folder, name);
  if (json === null) return removeIfThere(fs, path);
  try {
    const { fd, temporary } = writeBeside(fs, path, Buffer.from(json));
    try {
      await new Promise<void>((resolve, reject) => {
        fs.fsync(fd, (error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      discard(fs, fd, temporary);
      throw error;
    }
    publish(fs, fd, temporary, path);
  } catch (error) {
    throw storageError('write', path, error);
  }
}

/**
 * Removes journals, oldest first, and syncs after each one: a power cut must never bring one back whose successor
 * is gone. Takes each out of `names` as soon as it is removed, because its name is free again.
 */
export function removeJournals(fs: FileSystem, folder: string, names: string[]): void {
  syncNames(fs, folder);
  for (let name = names[0]; name !== undefined; name = names[0]) {
    removeIfThere(fs, join(folder, name));
    names.shift();
    syncNames(fs, folder);
  }
}
