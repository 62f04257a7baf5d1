/** The program's own durable maps: messages received, messages sent, what commands keep. See stored-table.ts. */
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
  'numbers',
  'outcomes',
] as const;

export type TableName = (typeof TABLE_NAMES)[number];

const names: ReadonlySet<string> = new Set(TABLE_NAMES);

export const isTableName = (type: string): type is TableName => names.has(type);

/** Which pages each table has, in the order of their rows. */
export const TABLE_INDEX = 'table-index.json';

/** One page of a table: a JSON object of some of its rows. */
export const pageFileName = (name: TableName, page: number): string => `table-${name}-${page}.json`;

/** Where versions before 0.2 kept a whole table in one file. It is taken over, and removed at the next checkpoint. */
export const oldTableFileName = (name: TableName): string => `table-${name}.json`;

const PAGE_FILE = new RegExp(`^table-(${TABLE_NAMES.join('|')})-\\d+\\.json$`);

export const isPageFile = (fileName: string): boolean => PAGE_FILE.test(fileName);
