import { LRUCache } from 'lru-cache';

const MOST_ENTRIES = 1_000;
/** Of JSON; parsed, it takes several times as much. */
const MOST_BYTES = 3 * 1024 * 1024;

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
