import { join } from 'node:path';
import { type FileSystem, keyFileName, readIfThere, renameAside, textOf } from '../folder/file-system.ts';
import type { Changes } from '../journal/journal-record.ts';
import type { FileChange } from '../journal/write-files.ts';
import { KeyCache } from './key-cache.ts';
import type { KeyChanges } from './key-changes.ts';
import { keyFromJson, keyToJson } from './key-json.ts';
import { isTableName, readTable, TABLE_NAMES, type TableName, tableFileName, tableToJson } from './tables.ts';

interface Table {
  readonly rows: Map<string, unknown>;
  isUnsaved: boolean;
}

/** What the files lack, and what to call when they have it, or could not get it. */
export interface Unsaved {
  readonly changes: FileChange[];
  saved(): void;
  failed(): void;
}

/** Every value of a session: in its file, or newer in memory because only the journal has it. */
export class Contents {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #onDamage: (file: string) => void;
  readonly #cache = new KeyCache();
  /** The latest JSON of every key that is newer in the journal than in its file. */
  readonly #unsaved = new Map<string, { readonly json: string | null }>();
  readonly #tables = new Map<TableName, Table>();

  /** Reads the tables; keys are read when they are asked for. `onDamage` gets the name of a damaged file. */
  constructor(fs: FileSystem, folder: string, onDamage: (file: string) => void) {
    this.#fs = fs;
    this.#folder = folder;
    this.#onDamage = onDamage;
    for (const name of TABLE_NAMES) {
      this.#tables.set(name, { rows: readTable(fs, folder, name, onDamage), isUnsaved: false });
    }
  }

  get(type: string, id: string): unknown {
    return isTableName(type) ? this.#table(type).rows.get(id) : this.#key(type, id);
  }

  rows(name: TableName): ReadonlyMap<string, unknown> {
    return this.#table(name).rows;
  }

  #table(name: TableName): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  /** A new object each time: the library changes some of what it gets before it knows whether it will store it. */
  #key(type: string, id: string): unknown {
    const name = keyFileName(type, id);
    const known = this.#knownJson(name);
    const json = known === undefined ? this.#readJson(name) : known;
    try {
      return json === null ? undefined : (keyFromJson(type, json) ?? undefined);
    } catch {
      renameAside(this.#fs, join(this.#folder, name));
      this.#onDamage(name);
      this.#cache.put(name, null);
      return undefined;
    }
  }

  /** `null` where it is known that there is none, undefined where only the file can tell. */
  #knownJson(name: string): string | null | undefined {
    const unsaved = this.#unsaved.get(name);
    return unsaved ? unsaved.json : this.#cache.get(name);
  }

  /** `null` where there is none; bytes that are no text come as text that is no JSON. */
  #readJson(name: string): string | null {
    const content = readIfThere(this.#fs, join(this.#folder, name));
    const json = content ? (textOf(content) ?? '') : null;
    this.#cache.put(name, json);
    return json;
  }

  /** What of these changes is news, as a record. Nothing is changed yet. */
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

  /** Takes over a record that is in the journal; `values` are what its texts were made of, where they are at hand. */
  apply(record: Changes, values?: KeyChanges): void {
    for (const [type, texts] of record) {
      if (isTableName(type)) this.#applyRows(this.#table(type), texts, values?.[type]);
      else this.#applyKeys(type, texts);
    }
  }

  #applyRows(table: Table, texts: Map<string, string | null>, values?: Record<string, unknown>): void {
    table.isUnsaved = true;
    for (const [id, json] of texts) {
      if (json === null) table.rows.delete(id);
      else table.rows.set(id, values?.[id] ?? JSON.parse(json));
    }
  }

  #applyKeys(type: string, texts: Map<string, string | null>): void {
    for (const [id, json] of texts) {
      const name = keyFileName(type, id);
      this.#unsaved.set(name, { json });
      this.#cache.put(name, json);
    }
  }

  get unsavedNames(): Iterable<string> {
    return this.#unsaved.keys();
  }

  get unsavedKeys(): number {
    return this.#unsaved.size;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0 || [...this.#tables.values()].some(({ isUnsaved }) => isUnsaved);
  }

  takeUnsaved(): Unsaved {
    const keys = [...this.#unsaved];
    const tables = [...this.#tables].filter(([, { isUnsaved }]) => isUnsaved);
    const changes: FileChange[] = keys.map(([name, { json }]) => [name, json]);
    for (const [name, table] of tables) {
      changes.push([tableFileName(name), tableToJson(table.rows)]);
      table.isUnsaved = false;
    }
    return {
      changes,
      saved: () => {
        for (const [name, entry] of keys) {
          if (this.#unsaved.get(name) === entry) this.#unsaved.delete(name);
        }
      },
      failed: () => {
        for (const [, table] of tables) table.isUnsaved = true;
      },
    };
  }
}

/** As in the stock store, a key without a value is removed. A row may be any JSON but `null`. */
function toJson(type: string, value: unknown): string | null {
  if (isTableName(type)) return value === undefined || value === null ? null : JSON.stringify(value);
  return value ? keyToJson(type, value) : null;
}
