import { join } from 'node:path';
import { AppError, shellWord } from '../../core/errors.ts';
import { sessionCommand } from '../../core/session-command-text.ts';
import { NAMES } from './file-names.ts';
import { type FileSystem, readIfThere, removeIfThere } from './file-system.ts';
import { replaceFile } from './replace-file.ts';

/** The note in a folder while a restore moves files out of it and into it. */
export interface RestoreNote {
  /** The backup. */
  readonly from: string;
  /** Where the former session goes; undefined if there was none. */
  readonly before: string | undefined;
  /** The names of the files of the former session; other files came from the backup. */
  readonly old: readonly string[];
}

export function writeRestoreNote(fs: FileSystem, folder: string, note: RestoreNote): void {
  replaceFile(fs, join(folder, NAMES.restoring), `${JSON.stringify(note)}\n`);
}

export function removeRestoreNote(fs: FileSystem, folder: string): void {
  removeIfThere(fs, join(folder, NAMES.restoring));
}

/** The note of a restore that was cut off; undefined if there is none, or it cannot be read. */
export function readRestoreNote(fs: FileSystem, folder: string): RestoreNote | undefined {
  const content = readIfThere(fs, join(folder, NAMES.restoring));
  const { from, before, old } = content === undefined ? {} : parse(content);
  return from !== undefined && old !== undefined ? { from, before, old } : undefined;
}

/** Throws `SESSION_UNUSABLE` if a restore was cut off: the folder then holds parts of two sessions. */
export function refuseHalfRestored(fs: FileSystem, folder: string): void {
  const content = readIfThere(fs, join(folder, NAMES.restoring));
  if (content === undefined) return;
  const { from, before } = parse(content);
  const again = `${sessionCommand()} restore ${from === undefined ? 'DIR' : shellWord(from)}`;
  const where = before === undefined ? '' : ` What was there before is in ${before}.`;
  throw new AppError(
    'SESSION_UNUSABLE',
    `A restore of ${folder} was cut off before its end.${where} Run it again: ${again}`,
  );
}

/** The fields that have the right shape: anything may be in a file. */
function parse(content: Buffer): Partial<RestoreNote> {
  let note: unknown;
  try {
    note = JSON.parse(content.toString());
  } catch {
    return {};
  }
  if (typeof note !== 'object' || note === null) return {};
  const { from, before, old } = note as Record<string, unknown>;
  return {
    ...(typeof from === 'string' && { from }),
    ...(typeof before === 'string' && { before }),
    ...(Array.isArray(old) && old.every((name) => typeof name === 'string') && { old }),
  };
}
