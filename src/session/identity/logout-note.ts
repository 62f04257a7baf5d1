import { join } from 'node:path';
import { NAMES } from '../folder/file-names.ts';
import { type FileSystem, readIfThere } from '../folder/file-system.ts';
import { replaceFile } from '../folder/replace-file.ts';

/** What a logout leaves. The next start reports it and stays offline until the folder is removed. */
export interface LogoutNote {
  readonly atMs: number;
  readonly reason: string;
}

const LONGEST_REASON = 500;

/** A valid time in milliseconds; 0 for any other value, because a file may hold any value. */
export function timeOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= 8.64e15 ? Math.floor(value) : 0;
}

export function readLogoutNote(fs: FileSystem, folder: string): LogoutNote | undefined {
  const content = readIfThere(fs, join(folder, NAMES.logout));
  if (!content) return undefined;
  try {
    const { atMs, reason }: { atMs?: unknown; reason?: unknown } = JSON.parse(content.toString());
    return { atMs: timeOf(atMs), reason: typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : '' };
  } catch {
    return { atMs: 0, reason: '' };
  }
}

export function writeLogoutNote(fs: FileSystem, folder: string, note: LogoutNote): void {
  replaceFile(fs, join(folder, NAMES.logout), `${JSON.stringify(note)}\n`);
}
