import { join } from 'node:path';
import { type FileSystem, readIfThere, renameAside, textOf } from '../folder/file-system.ts';

/** The program's own durable maps: messages received, messages sent, what commands keep. Each is one file. */
export const TABLE_NAMES = [
  'inbox',
  'sent',
  'client',
  'devices',
  'chat-state',
  'edits',
  'reminders',
  'runs',
  'polls',
  'schedules',
  'http-keys',
] as const;

export type TableName = (typeof TABLE_NAMES)[number];

const names: ReadonlySet<string> = new Set(TABLE_NAMES);

export const isTableName = (type: string): type is TableName => names.has(type);

export const tableFileName = (name: TableName): string => `table-${name}.json`;

/** The rows of a table as they are in its file; a damaged file is set aside and reported, and the bot runs on. */
export function readTable(
  fs: FileSystem,
  folder: string,
  name: TableName,
  onDamage: (file: string) => void,
): Map<string, unknown> {
  const file = tableFileName(name);
  const content = readIfThere(fs, join(folder, file));
  if (!content) return new Map();
  const rows = parseRows(content);
  if (rows) return rows;
  renameAside(fs, join(folder, file));
  onDamage(file);
  return new Map();
}

/** Undefined where the content is not a table's. */
export function parseRows(content: Buffer): Map<string, unknown> | undefined {
  try {
    const rows: unknown = JSON.parse(textOf(content) ?? '');
    if (typeof rows !== 'object' || rows === null || Array.isArray(rows)) return undefined;
    return new Map(Object.entries(rows));
  } catch {
    return undefined;
  }
}

export function tableToJson(rows: ReadonlyMap<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(rows));
}
