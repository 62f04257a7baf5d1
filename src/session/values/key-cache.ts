import { LRUCache } from 'lru-cache';
import { LIMITS } from '../../core/limits/limits.ts';

const { count, bytes } = LIMITS['keys:memory'];

/**
 * The keys used last, as JSON, limited in count and bytes; `null` means that a key is missing. Parsed values would
 * take several times as much memory.
 */
export class KeyCache {
  readonly #texts = new LRUCache<string, { readonly json: string | null }>({
    max: count,
    maxSize: bytes,
    sizeCalculation: ({ json }) => (json?.length ?? 0) + 1,
  });

  get(name: string): string | null | undefined {
    return this.#texts.get(name)?.json;
  }

  put(name: string, json: string | null): void {
    this.#texts.set(name, { json });
  }
}
