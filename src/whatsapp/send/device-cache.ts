import { jidDecode, type PossiblyExtendedCacheStore } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { ageMs, type Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Session } from '../../session/session-store.ts';
import { personAddress } from '../address.ts';

interface Row {
  readonly atMs: number;
  readonly value: unknown;
}

/** WhatsApp sends a notification when devices change; this limit is for a notification that was lost. */
const { count: MAX_ROWS, timeMs: KEEP_MS } = LIMITS['table:devices'];

/**
 * The devices of each person, kept over restarts.
 *
 * Baileys keeps them in memory for five minutes. After each look-up that returns a LID, it replaces the Signal session
 * with that person, so after every start it replaces all of them. Phones keep forty old Signal sessions. They cannot
 * read a message that was encrypted with an older one.
 */
export class DeviceCache implements PossiblyExtendedCacheStore {
  readonly #session: Session;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Pick<Logger, 'debug'>;

  constructor(session: Session, clock: Pick<Clock, 'now'>, log: Pick<Logger, 'debug'>) {
    this.#session = session;
    this.#clock = clock;
    this.#log = log;
  }

  get #rows(): ReadonlyMap<string, Row> {
    return this.#session.rows<Row>('devices');
  }

  get<T>(user: string): T | undefined {
    const row = this.#rows.get(user);
    return row && this.#isFresh(row) ? (row.value as T) : undefined;
  }

  #isFresh({ atMs }: Row): boolean {
    return ageMs(atMs, this.#clock.now()) < KEEP_MS;
  }

  /** Forgets lists that are too old. */
  prune(): void {
    const old = [...this.#rows].filter(([, row]) => !this.#isFresh(row));
    if (old.length > 0) this.#write(Object.fromEntries(old.map(([user]) => [user, null])));
  }

  set<T>(user: string, value: T): void {
    this.#write({ [user]: { atMs: this.#clock.now(), value } satisfies Row });
    const tooMany = this.#rows.size - MAX_ROWS * 1.1;
    if (tooMany <= 0) return;
    const oldest = [...this.#rows.keys()].slice(0, this.#rows.size - MAX_ROWS);
    this.#write(Object.fromEntries(oldest.map((key) => [key, null])));
  }

  del(user: string): void {
    if (this.#rows.has(user)) this.#write({ [user]: null });
  }

  /** Removes the rows of these people. A person may have a row under each of two addresses; one address is enough. */
  forget(...jids: ReadonlyArray<string | undefined>): void {
    for (const jid of jids) {
      const user = personAddress(jid)?.user;
      if (!user) continue;
      const known = this.#session.get('lid-mapping', [user, `${user}_reverse`]);
      for (const other of [user, ...Object.values(known)]) this.del(String(other));
    }
  }

  /** Removes the person's row if it lacks the device that this JID names: the row is outdated. */
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

  /** A failed write is harmless here: the devices are looked up again. The session has reported it. */
  #write(devices: Record<string, Row | null>): void {
    try {
      void this.#session.set({ devices });
    } catch (error) {
      this.#log.debug({ detail: messageOf(error) }, 'could not keep the list of devices');
    }
  }
}
