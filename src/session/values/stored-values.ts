import { join } from 'node:path';
import { type FileSystem, keyFileName, readFit, renameAside, textOf } from '../folder/file-system.ts';
import type { Changes } from '../journal/journal-record.ts';
import type { FileChange } from '../journal/write-files.ts';
import { KeyCache } from './key-cache.ts';
import type { KeyChanges } from './key-changes.ts';
import { keyFromJson, keyToJson } from './key-json.ts';
import { ParsedKeys } from './parsed-keys.ts';
import type { StoredTable, UnsavedPages } from './stored-table.ts';
import {
  indexToJson,
  type PageLists,
  pageFilesOf,
  readTables,
  type TableEvents,
  type TableIndex,
} from './table-files.ts';
import { isTableName, TABLE_INDEX, type TableName } from './tables.ts';

/** Changes that the files lack, and what to call once they are written, or could not be. */
export interface Unsaved {
  /** The files to write, in steps: each step must be on the disk before the next one begins. */
  readonly steps: ReadonlyArray<readonly FileChange[]>;
  saved(): void;
  failed(): void;
}

/** Whether a row that was read from a file has the shape that its table needs. */
export type RowCheck = (table: TableName, id: string, value: unknown) => boolean;

/** Every value of a session. A value is in its file, or newer in memory if only the journal has it yet. */
export class StoredValues {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #events: TableEvents;
  readonly #cache = new KeyCache();
  readonly #parsedKeys = new ParsedKeys();
  /** The latest JSON of every key that is newer in the journal than in its file. */
  readonly #unsaved = new Map<string, { readonly json: string | null }>();
  readonly #tables: ReadonlyMap<TableName, StoredTable>;
  /** As it is on the disk. */
  #index: TableIndex;
  #oldFiles: readonly string[];
  #isIndexDamaged: boolean;

  /** Reads the tables; keys are read when they are asked for. */
  constructor(fs: FileSystem, folder: string, events: TableEvents) {
    this.#fs = fs;
    this.#folder = folder;
    this.#events = events;
    const { tables, index, oldFiles, isIndexDamaged } = readTables(fs, folder, events);
    this.#tables = tables;
    this.#index = index;
    this.#oldFiles = oldFiles;
    this.#isIndexDamaged = isIndexDamaged;
  }

  /** Which pages the tables have on the disk. */
  get index(): TableIndex {
    return this.#index;
  }

  /** How many rows each table has, and their size as JSON. */
  get tableSizes(): ReadonlyMap<TableName, { readonly rows: number; readonly bytes: number }> {
    const sizes = [...this.#tables].map(
      ([name, { rows, bytes }]) => [name, { rows: rows.size, bytes }] as const,
    );
    return new Map(sizes);
  }

  get(type: string, id: string): unknown {
    return isTableName(type) ? this.#table(type).rows.get(id) : this.#key(type, id);
  }

  rows(name: TableName): ReadonlyMap<string, unknown> {
    return this.#table(name).rows;
  }

  #table(name: TableName): StoredTable {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  /** A new object each time but for `ParsedKeys`: the library changes other values before it decides to store them. */
  #key(type: string, id: string): unknown {
    const name = keyFileName(type, id);
    const known = this.#knownJson(name);
    const json = known === undefined ? this.#readJson(name) : known;
    try {
      return json === null ? undefined : (this.#parsed(type, name, json) ?? undefined);
    } catch {
      renameAside(this.#fs, join(this.#folder, name));
      this.#events.onDamage(name);
      this.#cache.put(name, null);
      return undefined;
    }
  }

  #parsed(type: string, name: string, json: string): unknown {
    const known = this.#parsedKeys.get(name, json);
    if (known) return known;
    const value = keyFromJson(type, json);
    this.#parsedKeys.put(type, name, json, value);
    return value;
  }

  /** `null` if the key is known to be missing, undefined if only the file can tell. */
  #knownJson(name: string): string | null | undefined {
    const unsaved = this.#unsaved.get(name);
    return unsaved ? unsaved.json : this.#cache.get(name);
  }

  /** `null` if there is none; bytes that are not UTF-8 give a text that is not JSON. */
  #readJson(name: string): string | null {
    const content = readFit(this.#fs, join(this.#folder, name));
    const json = content ? (textOf(content) ?? '') : null;
    this.#cache.put(name, json);
    return json;
  }

  /** The changes that differ from what is stored, as a record. Changes nothing yet. */
  recordOf(changes: KeyChanges): Changes {
    const record: Changes = new Map();
    for (const [type, values] of Object.entries(changes)) {
      const texts = new Map<string, string | null>();
      for (const [id, value] of Object.entries(values)) {
        const json = toJson(type, value);
        if (isTableName(type) || this.#knownJson(keyFileName(type, id)) !== json) texts.set(id, json);
      }
      if (texts.size > 0) record.set(type, texts);
    }
    return record;
  }

  /** Applies a record that is in the journal; `values` are its parsed values, if they are at hand. */
  apply(record: Changes, values?: KeyChanges): void {
    for (const [type, texts] of record) {
      if (isTableName(type)) this.#applyRows(this.#table(type), texts, values?.[type]);
      else this.#applyKeys(type, texts, values?.[type]);
    }
  }

  #applyRows(table: StoredTable, texts: Map<string, string | null>, values?: Record<string, unknown>): void {
    for (const [id, json] of texts) {
      if (json === null) table.delete(id);
      else table.set(id, values?.[id] ?? JSON.parse(json), json);
    }
  }

  #applyKeys(type: string, texts: Map<string, string | null>, values?: Record<string, unknown>): void {
    for (const [id, json] of texts) {
      const name = keyFileName(type, id);
      if (json !== null) this.#parsedKeys.put(type, name, json, values?.[id]);
      this.#unsaved.set(name, { json });
      this.#cache.put(name, json);
    }
  }

  /** Removes rows that do not fit. Returns how many of each table. */
  dropRows(isRow: RowCheck): ReadonlyMap<TableName, number> {
    const dropped = new Map<TableName, number>();
    for (const [name, table] of this.#tables) {
      const unfit = [...table.rows].filter(([id, value]) => !isRow(name, id, value));
      for (const [id] of unfit) table.delete(id);
      if (unfit.length > 0) dropped.set(name, unfit.length);
    }
    return dropped;
  }

  get unsavedNames(): Iterable<string> {
    return this.#unsaved.keys();
  }

  get unsavedKeys(): number {
    return this.#unsaved.size;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0 || this.#oldFiles.length > 0 || this.#hasUnsavedPages;
  }

  get #hasUnsavedPages(): boolean {
    const hasMerged = Object.keys(this.#index.merged).length > 0;
    return (
      hasMerged || this.#isIndexDamaged || [...this.#tables.values()].some(({ hasUnsaved }) => hasUnsaved)
    );
  }

  /**
   * Keys and pages first, then the index that names the pages, then the removal of files that it names no more.
   * `mayMerge`: see `StoredTable.takeUnsaved`; journals of before must stay until the next call then.
   */
  takeUnsaved(mayMerge: boolean): Unsaved {
    const keys = [...this.#unsaved];
    const keyChanges = keys.map(([name, { json }]): FileChange => [name, json]);
    const before = this.#index;
    const pages = this.#hasUnsavedPages || this.#oldFiles.length > 0 ? this.#takePages(mayMerge) : undefined;
    const oldFiles = this.#oldFiles;
    return {
      steps: [
        [...keyChanges, ...(pages?.changes ?? [])],
        pages ? [[TABLE_INDEX, indexToJson(pages.index)]] : [],
        [...(pages?.removals ?? []), ...(pages ? oldFiles : [])].map((name): FileChange => [name, null]),
      ],
      saved: () => {
        for (const [name, entry] of keys) {
          if (this.#unsaved.get(name) === entry) this.#unsaved.delete(name);
        }
        if (!pages) return;
        this.#oldFiles = [];
        this.#isIndexDamaged = false;
      },
      failed: () => {
        pages?.failed();
        // The disk may have the old index or the new one, so the merged pages of both wait for the next checkpoint.
        this.#index = { ...this.#index, merged: mergedLists(before.merged, this.#index.merged) };
      },
    };
  }

  #takePages(mayMerge: boolean): {
    changes: readonly FileChange[];
    index: TableIndex;
    removals: readonly string[];
    failed: () => void;
  } {
    const taken = [...this.#tables.values()].map((table) => ({ table, pages: table.takeUnsaved(mayMerge) }));
    const merged = listsOf(taken, ({ pages }) => pages.merged);
    const index = { pages: listsOf(taken, ({ table }) => table.pageNumbers, true), merged };
    // A copy of the folder may have merged pages that still hold rows: those stay.
    const named = new Set(pageFilesOf(index.pages));
    const removals = [
      ...pageFilesOf(this.#index.merged),
      ...pageFilesOf(listsOf(taken, ({ pages }) => pages.dropped)),
    ].filter((file) => !named.has(file));
    this.#index = index;
    return {
      changes: taken.flatMap(({ pages }) => pages.changes),
      index,
      removals,
      failed: () => {
        for (const { pages } of taken) pages.failed();
      },
    };
  }
}

interface TakenPages {
  readonly table: StoredTable;
  readonly pages: UnsavedPages;
}

/** By the names of the tables; empty lists are left out unless `withEmpty`. */
function listsOf(
  taken: readonly TakenPages[],
  numbersOf: (one: TakenPages) => readonly number[],
  withEmpty = false,
): PageLists {
  const lists = taken.map((one) => [one.table.name, numbersOf(one)] as const);
  return Object.fromEntries(lists.filter(([, numbers]) => withEmpty || numbers.length > 0));
}

function mergedLists(a: PageLists, b: PageLists): PageLists {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])] as TableName[];
  return Object.fromEntries(names.map((name) => [name, [...(a[name] ?? []), ...(b[name] ?? [])]]));
}

/** As in Baileys' store, a key without a value is removed. A row may be any JSON but `null`. */
function toJson(type: string, value: unknown): string | null {
  if (isTableName(type)) return value === undefined || value === null ? null : JSON.stringify(value);
  return value ? keyToJson(type, value) : null;
}
