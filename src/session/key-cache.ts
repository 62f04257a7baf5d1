import { BufferJSON, proto } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';

const MOST_ENTRIES = 4_000;
const MOST_BYTES = 12 * 1024 * 1024;

/** What is known of a key: its value, or that there is none. */
export interface CachedKey {
  readonly value: unknown;
}

/** The keys used last, parsed, within a bound of their JSON's size. That a key is missing is remembered too. */
export class KeyCache {
  readonly #entries = new LRUCache<string, CachedKey>({ max: MOST_ENTRIES, maxSize: MOST_BYTES });

  get(name: string): CachedKey | undefined {
    return this.#entries.get(name);
  }

  put(name: string, value: unknown, jsonLength: number): void {
    this.#entries.set(name, { value }, { size: jsonLength + 1 });
  }
}

/** A key as JSON, in the form of Baileys' `BufferJSON`. */
export function keyToJson(type: string, value: unknown): string {
  // Session records are plain strings and numbers already: without a replacer this is several times cheaper.
  return type === 'session' && !ArrayBuffer.isView(value)
    ? JSON.stringify(value)
    : JSON.stringify(value, BufferJSON.replacer);
}

/** The inverse. Throws where the text is not JSON. */
export function keyFromJson(type: string, json: string): unknown {
  if (type === 'session' && !json.startsWith('{"type":"Buffer"')) return JSON.parse(json);
  const value: unknown = JSON.parse(json, BufferJSON.reviver);
  return type === 'app-state-sync-key' && value
    ? proto.Message.AppStateSyncKeyData.fromObject(value as object)
    : value;
}
