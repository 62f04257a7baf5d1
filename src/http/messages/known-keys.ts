import { ageMs, type Clock, systemClock } from '../../core/clock.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { shortHash } from '../../core/short-hash.ts';
import type { Table } from '../../core/table.ts';

/** What a key was used for, and when. */
export interface KeyRow {
  readonly fingerprint: string;
  readonly atMs: number;
}

const LIMIT = LIMITS['table:http-keys'];

/** Remembers over restarts which message each idempotency key was used for: hashes, no keys and texts of callers. */
export class KnownKeys {
  readonly #table: Table<KeyRow>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(table: Table<KeyRow>, clock: Pick<Clock, 'now'> = systemClock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** The fingerprint of the message that the key was used for; undefined if the key is new or too old. */
  fingerprintOf(key: string): string | undefined {
    const row = this.#table.get(shortHash(key));
    return row === undefined || this.#isTooOld(row) ? undefined : row.fingerprint;
  }

  /** Resolves when the key is on the disk. Rejects with `STORAGE_FAILED`. */
  async remember(key: string, fingerprint: string): Promise<void> {
    const id = shortHash(key);
    if (this.fingerprintOf(key) === fingerprint) return;
    if (!this.#table.has(id)) await this.#makeRoom();
    await this.#table.set(id, { fingerprint, atMs: this.#clock.now() });
  }

  /** Rows are in the order in which they were written, so the oldest comes first. */
  async #makeRoom(): Promise<void> {
    for (const [id, row] of this.#table.entries()) {
      const isFull = this.#table.size >= LIMIT.count;
      if (!isFull && !this.#isTooOld(row)) return;
      if (isFull) noteLimitReached('table:http-keys');
      await this.#table.delete(id);
    }
  }

  /** Forgets keys that are too old. Rejects with `STORAGE_FAILED`. */
  async prune(): Promise<void> {
    for (const [id, row] of [...this.#table.entries()]) {
      if (this.#isTooOld(row)) await this.#table.delete(id);
    }
  }

  #isTooOld({ atMs }: KeyRow): boolean {
    return ageMs(atMs, this.#clock.now()) > LIMIT.timeMs;
  }
}
