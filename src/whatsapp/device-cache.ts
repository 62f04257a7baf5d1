import type { PossiblyExtendedCacheStore } from '@whiskeysockets/baileys';
import { messageOf } from '../errors.ts';
import type { Session } from '../session/store.ts';

interface Row {
  readonly atMs: number;
  readonly value: unknown;
}

/** WhatsApp tells of changed devices by itself; this is for the one it did not tell of. */
const KEEP_MS = 24 * 60 * 60 * 1000;
const MOST_ROWS = 5_000;

/**
 * Which devices people have, kept over restarts.
 *
 * The library keeps this in memory for five minutes, and each look-up that returns a LID makes it throw the
 * session with that person away and begin another: after every start, with everyone. Phones keep forty old
 * sessions; messages that were under way for longer then cannot be read.
 */
export class DeviceCache implements PossiblyExtendedCacheStore {
  readonly #session: Session;
  readonly #now: () => number;
  readonly #onFailure: (detail: string) => void;

  constructor(session: Session, now: () => number, onFailure: (detail: string) => void) {
    this.#session = session;
    this.#now = now;
    this.#onFailure = onFailure;
  }

  get #rows(): ReadonlyMap<string, Row> {
    return this.#session.rows<Row>('devices');
  }

  get<T>(user: string): T | undefined {
    const row = this.#rows.get(user);
    return row && this.#now() - row.atMs < KEEP_MS ? (row.value as T) : undefined;
  }

  set<T>(user: string, value: T): void {
    this.#write({ [user]: { atMs: this.#now(), value } satisfies Row });
    const tooMany = this.#rows.size - MOST_ROWS * 1.1;
    if (tooMany <= 0) return;
    const oldest = [...this.#rows.keys()].slice(0, this.#rows.size - MOST_ROWS);
    this.#write(Object.fromEntries(oldest.map((key) => [key, null])));
  }

  del(user: string): void {
    if (this.#rows.has(user)) this.#write({ [user]: null });
  }

  flushAll(): void {
    this.#write(Object.fromEntries([...this.#rows.keys()].map((user) => [user, null])));
  }

  /** A cache that cannot be written is only slower; the session has reported the failed write. */
  #write(devices: Record<string, Row | null>): void {
    try {
      void this.#session.set({ devices });
    } catch (error) {
      this.#onFailure(messageOf(error));
    }
  }
}
