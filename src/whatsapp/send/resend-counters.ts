import type { CacheStore } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { LIMITS } from '../../core/limits/limits.ts';

const { count, bytes, timeMs } = LIMITS['resend-counters'];

const ENTRY_BYTES = 64;

/** How often each message was asked for again. Kept over reconnects, so that the number of tries stays limited. */
export class RetryCounters implements CacheStore {
  readonly #entries = new LRUCache<string, { value: unknown }>({
    max: count,
    maxSize: bytes,
    // The keys are ids that strangers choose.
    sizeCalculation: (_, key) => key.length + ENTRY_BYTES,
    ttl: timeMs,
  });

  get<T>(key: string): T | undefined {
    return this.#entries.get(key)?.value as T | undefined;
  }

  set<T>(key: string, value: T): void {
    this.#entries.set(key, { value });
  }

  del(key: string): void {
    this.#entries.delete(key);
  }

  flushAll(): void {
    this.#entries.clear();
  }
}
