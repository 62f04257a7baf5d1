import type { FileSystem } from '../folder/file-system.ts';
import type { FileChange } from '../journal/write-files.ts';
import type { StoredTable, UnsavedPages } from './stored-table.ts';
import {
  indexToJson,
  type PageLists,
  pageFilesOf,
  readTables,
  type TableEvents,
  type TableIndex,
} from './table-files.ts';
import { TABLE_INDEX, type TableName } from './table-names.ts';

/** Whether a row that was read from a file has the shape that its table needs. */
export type RowCheck = (table: TableName, id: string, value: unknown) => boolean;

/** What the files of the tables lack, and what to call once it is written, or could not be. */
export interface UnsavedTables {
  readonly pages: readonly FileChange[];
  /** Names the pages: to be written after them. */
  readonly index: FileChange;
  /** Files that the index names no more: to be removed after it is written. */
  readonly removals: readonly FileChange[];
  saved(): void;
  failed(): void;
}

/** All tables of a session, and the index that says which pages each of them has on the disk. */
export class AllTables {
  readonly #tables: ReadonlyMap<TableName, StoredTable>;
  /** As it is on the disk. */
  #index: TableIndex;
  #oldFiles: readonly string[];
  #isIndexDamaged: boolean;

  /** Reads the tables from the folder. */
  constructor(fs: FileSystem, folder: string, events: TableEvents) {
    const { tables, index, oldFiles, isIndexDamaged } = readTables(fs, folder, events);
    this.#tables = tables;
    this.#index = index;
    this.#oldFiles = oldFiles;
    this.#isIndexDamaged = isIndexDamaged;
  }

  get index(): TableIndex {
    return this.#index;
  }

  /** How many rows each table has, and their size as JSON. */
  get sizes(): ReadonlyMap<TableName, { readonly rows: number; readonly bytes: number }> {
    const sizes = [...this.#tables].map(
      ([name, { rows, bytes }]) => [name, { rows: rows.size, bytes }] as const,
    );
    return new Map(sizes);
  }

  get(name: TableName): StoredTable {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
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

  get hasUnsaved(): boolean {
    return (
      this.#oldFiles.length > 0 ||
      this.#isIndexDamaged ||
      Object.keys(this.#index.merged).length > 0 ||
      [...this.#tables.values()].some(({ hasUnsaved }) => hasUnsaved)
    );
  }

  /** What a checkpoint has to write; undefined if there is nothing. `mayMerge`: see `StoredTable.takeUnsaved`. */
  takeUnsaved(mayMerge: boolean): UnsavedTables | undefined {
    if (!this.hasUnsaved) return undefined;
    const before = this.#index;
    const taken = [...this.#tables.values()].map((table) => ({ table, pages: table.takeUnsaved(mayMerge) }));
    const merged = listsOf(taken, ({ pages }) => pages.merged);
    const index = { pages: listsOf(taken, ({ table }) => table.pageNumbers, true), merged };
    // A copy of the folder may have merged pages that still hold rows: those stay.
    const named = new Set(pageFilesOf(index.pages));
    const removals = [
      ...pageFilesOf(before.merged),
      ...pageFilesOf(listsOf(taken, ({ pages }) => pages.dropped)),
    ].filter((file) => !named.has(file));
    this.#index = index;
    return {
      pages: taken.flatMap(({ pages }) => pages.changes),
      index: [TABLE_INDEX, indexToJson(index)],
      removals: [...removals, ...this.#oldFiles].map((name): FileChange => [name, null]),
      saved: () => {
        this.#oldFiles = [];
        this.#isIndexDamaged = false;
      },
      failed: () => {
        for (const { pages } of taken) pages.failed();
        // The disk may have the old index or the new one, so the merged pages of both wait for the next checkpoint.
        this.#index = { ...this.#index, merged: mergedLists(before.merged, this.#index.merged) };
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
