import { join } from 'node:path';
import { keyFileName } from '../folder/file-names.ts';
import { type FileSystem, readFit, renameAside, textOf } from '../folder/file-system.ts';
import type { Changes } from '../journal/journal-record.ts';
import type { FileChange } from '../journal/write-files.ts';
import { AllTables, type RowCheck } from './all-tables.ts';
import { KeyCache } from './key-cache.ts';
import type { KeyChanges } from './key-changes.ts';
import { keyFromJson, keyToJson } from './key-json.ts';
import { ParsedKeys } from './parsed-keys.ts';
import type { StoredTable } from './stored-table.ts';
import type { TableEvents, TableIndex } from './table-files.ts';
import { isTableName, type TableName } from './table-names.ts';

/** Changes that the files lack, and what to call once they are written, or could not be. */
export interface Unsaved {
  /** The files to write, in steps: each step must be on the disk before the next one begins. */
  readonly steps: ReadonlyArray<readonly FileChange[]>;
  saved(): void;
  failed(): void;
}

/** Every value of a session. A value is in its file, or newer in memory if only the journal has it yet. */
export class StoredValues {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #events: TableEvents;
  readonly #cache = new KeyCache();
  readonly #parsedKeys = new ParsedKeys();
  /** The latest JSON of every key that is newer in the journal than in its file. */
  readonly #unsaved = new Map<string, { readonly json: string | null }>();
  readonly #tables: AllTables;

  /** Reads the tables; keys are read when they are asked for. */
  constructor(fs: FileSystem, folder: string, events: TableEvents) {
    this.#fs = fs;
    this.#folder = folder;
    this.#events = events;
    this.#tables = new AllTables(fs, folder, events);
  }

  /** Which pages the tables have on the disk. */
  get index(): TableIndex {
    return this.#tables.index;
  }

  /** How many rows each table has, and their size as JSON. */
  get tableSizes(): ReadonlyMap<TableName, { readonly rows: number; readonly bytes: number }> {
    return this.#tables.sizes;
  }

  get(type: string, id: string): unknown {
    return isTableName(type) ? this.#tables.get(type).rows.get(id) : this.#key(type, id);
  }

  rows(name: TableName): ReadonlyMap<string, unknown> {
    return this.#tables.get(name).rows;
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
      if (isTableName(type)) this.#applyRows(this.#tables.get(type), texts, values?.[type]);
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
    return this.#tables.dropRows(isRow);
  }

  get unsavedNames(): Iterable<string> {
    return this.#unsaved.keys();
  }

  get unsavedKeys(): number {
    return this.#unsaved.size;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0 || this.#tables.hasUnsaved;
  }

  /**
   * Keys and pages first, then the index that names the pages, then the removal of files that it names no more.
   * `mayMerge`: see `StoredTable.takeUnsaved`; journals of before must stay until the next call then.
   */
  takeUnsaved(mayMerge: boolean): Unsaved {
    const keys = [...this.#unsaved];
    const keyChanges = keys.map(([name, { json }]): FileChange => [name, json]);
    const tables = this.#tables.takeUnsaved(mayMerge);
    return {
      steps: [
        [...keyChanges, ...(tables?.pages ?? [])],
        tables ? [tables.index] : [],
        tables?.removals ?? [],
      ],
      saved: () => {
        for (const [name, entry] of keys) {
          if (this.#unsaved.get(name) === entry) this.#unsaved.delete(name);
        }
        tables?.saved();
      },
      failed: () => tables?.failed(),
    };
  }
}

/** As in Baileys' store, a key without a value is removed. A row may be any JSON but `null`. */
function toJson(type: string, value: unknown): string | null {
  if (isTableName(type)) return value === undefined || value === null ? null : JSON.stringify(value);
  return value ? keyToJson(type, value) : null;
}
