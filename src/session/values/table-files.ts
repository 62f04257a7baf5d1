import { join } from 'node:path';
import {
  type FileSystem,
  isReadableFile,
  readFit,
  renameAside,
  sizeIfThere,
  textOf,
} from '../folder/file-system.ts';
import { largeObjectEntries } from './large-json-file.ts';
import { StoredTable } from './stored-table.ts';
import {
  isPageFile,
  oldTableFileName,
  pageFileName,
  TABLE_INDEX,
  TABLE_NAMES,
  type TableName,
} from './table-names.ts';

/** Page numbers by table. */
export type PageLists = Readonly<Partial<Record<TableName, readonly number[]>>>;

export interface TableIndex {
  /** In the order of their rows. */
  readonly pages: PageLists;
  /**
   * Pages whose rows the last checkpoint merged into other pages. A copy of the folder that was made meanwhile may have
   * the other pages without these rows.
   */
  readonly merged: PageLists;
}

export interface ReadTables {
  readonly tables: ReadonlyMap<TableName, StoredTable>;
  readonly index: TableIndex;
  /** Files of earlier versions, to be removed once the pages are written. */
  readonly oldFiles: readonly string[];
  /** Whether the index on the disk is damaged, and must be written again. */
  readonly isIndexDamaged: boolean;
}

export interface TableEvents {
  /** A damaged file was set aside. */
  onDamage(file: string): void;
  /** Rows were removed because their table had reached its limit. */
  onEvicted(name: TableName, count: number): void;
}

/** Up to here a table in one file is parsed as one text; a larger one is read entry by entry. */
const LARGEST_TEXT_BYTES = 64 * 1024 * 1024;

/** All tables of a folder. A damaged page is set aside and reported, and the rows of the others are there. */
export function readTables(fs: FileSystem, folder: string, events: TableEvents): ReadTables {
  const { index, isDamaged } = readIndex(fs, folder, events);
  const tables = new Map<TableName, StoredTable>();
  const oldFiles: string[] = [];
  for (const name of TABLE_NAMES) {
    const table = new StoredTable(name, events.onEvicted);
    tables.set(name, table);
    for (const number of [...(index.merged[name] ?? []), ...(index.pages[name] ?? [])])
      loadPage(fs, folder, table, { number, keepsKnown: isDamaged }, events);
    if (!index.pages[name] && takeOver(fs, folder, table, events)) oldFiles.push(oldTableFileName(name));
  }
  return { tables, index, oldFiles, isIndexDamaged: isDamaged };
}

/** A page that is named and has no file was dropped while the folder was copied: it had no rows. */
function loadPage(
  fs: FileSystem,
  folder: string,
  table: StoredTable,
  { number, keepsKnown }: { readonly number: number; readonly keepsKnown: boolean },
  events: TableEvents,
): void {
  table.reserve(number);
  const file = pageFileName(table.name, number);
  const content = readFit(fs, join(folder, file));
  if (!content) return;
  const rows = parseObject(content);
  if (rows) {
    table.load({ number, rows, fileBytes: content.length, keepsKnown });
    return;
  }
  setAside(fs, folder, file, events);
}

/** A damaged file gets another name, so that a person can look at it, and is reported. */
function setAside(fs: FileSystem, folder: string, file: string, { onDamage }: TableEvents): void {
  renameAside(fs, join(folder, file));
  onDamage(file);
}

/** The table in one file that earlier versions wrote. Returns whether there is one. */
function takeOver(fs: FileSystem, folder: string, table: StoredTable, events: TableEvents): boolean {
  const file = oldTableFileName(table.name);
  const path = join(folder, file);
  const sizeBytes = sizeIfThere(fs, path);
  if (sizeBytes === undefined) return false;
  const isLarge = sizeBytes > LARGEST_TEXT_BYTES && isReadableFile(fs, path);
  const isWhole = isLarge ? readLarge(fs, path, table) : readSmall(fs, path, table);
  if (!isWhole) setAside(fs, folder, file, events);
  return isWhole;
}

/** Returns whether the file holds a table. */
function readSmall(fs: FileSystem, path: string, table: StoredTable): boolean {
  const rows = parseObject(readFit(fs, path) ?? Buffer.from('{}'));
  for (const [id, value] of Object.entries(rows ?? {})) table.set(id, value, JSON.stringify(value));
  return rows !== undefined;
}

/** Returns whether the file could be read to its end; the rows before a damaged one are there all the same. */
function readLarge(fs: FileSystem, path: string, table: StoredTable): boolean {
  const entries = largeObjectEntries(fs, path);
  for (let next = entries.next(); ; next = entries.next()) {
    if (next.done) return next.value;
    const [id, value] = next.value;
    table.set(id, value, JSON.stringify(value));
  }
}

/**
 * An index that cannot be read is made again from the names of the pages. It stays until the next checkpoint writes
 * another one: without an index the pages would not be looked for.
 */
function readIndex(
  fs: FileSystem,
  folder: string,
  { onDamage }: TableEvents,
): { readonly index: TableIndex; readonly isDamaged: boolean } {
  const path = join(folder, TABLE_INDEX);
  const content = readFit(fs, path);
  if (!content) return { index: { pages: {}, merged: {} }, isDamaged: false };
  const { pages, merged } = parseObject(content) ?? {};
  if (isPageLists(pages) && isPageLists(merged)) return { index: { pages, merged }, isDamaged: false };
  onDamage(TABLE_INDEX);
  return { index: { pages: pagesByName(fs.readdirSync(folder)), merged: {} }, isDamaged: true };
}

export const indexToJson = ({ pages, merged }: TableIndex): string => JSON.stringify({ pages, merged });

function pagesByName(fileNames: readonly string[]): PageLists {
  const lists: Partial<Record<TableName, number[]>> = {};
  for (const name of TABLE_NAMES) {
    const numbers = fileNames
      .filter(isPageFile)
      .map((file) => Number(file.slice(`table-${name}-`.length, -'.json'.length)))
      .filter((number) => fileNames.includes(pageFileName(name, number)));
    if (numbers.length > 0) lists[name] = numbers.sort((a, b) => a - b);
  }
  return lists;
}

/** The files of these pages. Only known tables count: an index may come from a folder that others made. */
export function pageFilesOf(lists: PageLists): string[] {
  return TABLE_NAMES.flatMap((name) => (lists[name] ?? []).map((number) => pageFileName(name, number)));
}

/**
 * Pages that the index does not name: a kill came between two steps of a checkpoint, and the journal has their rows.
 */
export function orphanPages(fileNames: readonly string[], { pages, merged }: TableIndex): string[] {
  const named = new Set([...pageFilesOf(pages), ...pageFilesOf(merged)]);
  return fileNames.filter((file) => isPageFile(file) && !named.has(file));
}

function isPageLists(value: unknown): value is PageLists {
  const isList = (list: unknown): boolean =>
    Array.isArray(list) && list.every((number) => Number.isSafeInteger(number) && number > 0);
  return typeof value === 'object' && value !== null && Object.values(value).every(isList);
}

/** Undefined if the content is no JSON object. */
function parseObject(content: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(content) ?? '');
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
