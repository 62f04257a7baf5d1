import { join } from 'node:path';
import { type FileSystem, NAMES, readIfThere, replaceFile } from '../folder/file-system.ts';

/** What a logout leaves. The next start reports it and stays offline until the folder is removed. */
export interface LogoutNote {
  readonly atMs: number;
  readonly reason: string;
}

export function readLogoutNote(fs: FileSystem, folder: string): LogoutNote | undefined {
  const content = readIfThere(fs, join(folder, NAMES.logout));
  if (!content) return undefined;
  try {
    const note = JSON.parse(content.toString()) as Partial<LogoutNote>;
    return { atMs: Number(note.atMs) || 0, reason: String(note.reason ?? '') };
  } catch {
    return { atMs: 0, reason: '' };
  }
}

export function writeLogoutNote(fs: FileSystem, folder: string, note: LogoutNote): void {
  replaceFile(fs, join(folder, NAMES.logout), `${JSON.stringify(note)}\n`);
}
