import { join } from 'node:path';
import { isLeftover, NAMES } from '../folder/file-names.ts';
import { readIfThere, realFileSystem, textOf } from '../folder/file-system.ts';
import { isJournal } from '../journal/journal.ts';
import { keyFromJson } from '../values/key-json.ts';
import { filesIn, statIfThere } from './read-only-session.ts';

export interface FileCount {
  readonly type: string;
  readonly files: number;
  readonly bytes: number;
}

/** Longer names first: `sender-key-memory-…` is no `sender-key`. */
const KEY_TYPES = [
  'app-state-sync-version',
  'app-state-sync-key',
  'sender-key-memory',
  'identity-key',
  'lid-mapping',
  'device-list',
  'sender-key',
  'session',
  'pre-key',
  'tctoken',
  'table',
] as const;

/** The type of a file in a session folder. */
export function typeOfFile(name: string): string {
  if (name === NAMES.creds || name === NAMES.credsCopy) return 'credentials';
  if (name.endsWith('.damaged')) return 'damaged';
  if (isJournal(name)) return 'journal';
  if (isLeftover(name)) return 'leftover';
  if (name.endsWith('.json')) return KEY_TYPES.find((type) => name.startsWith(`${type}-`)) ?? 'other';
  return 'other';
}

/** The files of a session by type, the most frequent first. Folders inside belong to other bots and do not count. */
export function countFiles(folder: string): FileCount[] {
  const counts = new Map<string, { files: number; bytes: number }>();
  for (const name of filesIn(folder)) {
    const type = typeOfFile(name);
    const count = counts.get(type) ?? { files: 0, bytes: 0 };
    counts.set(type, count);
    count.files += 1;
    // A running bot replaces and removes files all the time.
    count.bytes += statIfThere(join(folder, name))?.size ?? 0;
  }
  return [...counts]
    .map(([type, count]) => ({ type, ...count }))
    .sort((a, b) => b.files - a.files || a.type.localeCompare(b.type));
}

/** The names of key files that hold no key of their type. Reads all of them. */
export function unreadableKeys(folder: string): string[] {
  return filesIn(folder).filter((name) => isUnreadable(folder, name));
}

function isUnreadable(folder: string, name: string): boolean {
  const type = typeOfFile(name);
  if (type === 'table' || !KEY_TYPES.some((one) => one === type)) return false;
  try {
    // A running bot removes files all the time.
    const content = readIfThere(realFileSystem, join(folder, name));
    if (content) keyFromJson(type, textOf(content) ?? '');
    return false;
  } catch {
    return true;
  }
}
