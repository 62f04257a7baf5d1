import { jidDecode, type PossiblyExtendedCacheStore } from '@whiskeysockets/baileys';
import { messageOf } from '../../core/errors.ts';
import type { Session } from '../../session/session.ts';
import { personAddress } from '../address.ts';

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
    // Either way: what was noted while the clock was wrong must not stay for ever.
    return row && Math.abs(this.#now() - row.atMs) < KEEP_MS ? (row.value as T) : undefined;
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

  /** WhatsApp tells that somebody's devices changed, under one of their addresses; rows are under either. */
  forget(...jids: ReadonlyArray<string | undefined>): void {
    for (const jid of jids) {
      const user = personAddress(jid)?.user;
      if (!user) continue;
      const known = this.#session.get('lid-mapping', [user, `${user}_reverse`]);
      for (const other of [user, ...Object.values(known)]) this.del(String(other));
    }
  }

  /** Somebody wrote from a device that the list does not have: the list is old. */
  sawDevice(jid: string | undefined): void {
    const decoded = jid ? jidDecode(jid) : undefined;
    const devices = decoded && this.get<ReadonlyArray<{ readonly device?: number }>>(decoded.user);
    if (!devices || !Array.isArray(devices)) return;
    const device = decoded.device ?? 0;
    if (!devices.some((known) => (known.device ?? 0) === device)) this.forget(jid);
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
