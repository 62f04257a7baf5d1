import { proto } from '@whiskeysockets/baileys';
import { ageMs, type Clock, systemClock } from '../../core/clock.ts';
import { EntrySizes } from '../../core/entry-sizes.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Session } from '../../session/session-store.ts';

interface SentRow {
  readonly atMs: number;
  /** The message, encoded and in base64. Empty if it is too large to be kept. */
  readonly message: string;
  /** How often WhatsApp closed a connection while this message was not acknowledged. */
  readonly closes?: number;
}

const LIMIT = LIMITS['table:sent'];
const PRUNE_EVERY_MS = 60 * 60 * 1000;

/**
 * Messages that were sent. A phone that cannot read one ("Waiting for this message") asks for it again and gets it
 * from here, after a restart too. Kept are the newest, within the limits of `table:sent`.
 */
export class SentMessages {
  readonly #session: Session;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #weights = new EntrySizes();
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(session: Session, clock: Pick<Clock, 'now'> = systemClock) {
    this.#session = session;
    this.#clock = clock;
    for (const [id, row] of this.#rows) this.#weights.set(id, bytesOf(row));
  }

  get #rows(): ReadonlyMap<string, SentRow> {
    return this.#session.rows<SentRow>('sent');
  }

  /** Stores a message; must be called before it is sent. Throws `STORAGE_FAILED`. */
  async remember(id: string, message: proto.IMessage): Promise<void> {
    const bytes = proto.Message.encode(message).finish();
    if (bytes.length > LIMIT.bytesEach) return;
    const closes = this.closesOf(id);
    const encoded = Buffer.from(bytes).toString('base64');
    await this.#set(id, { atMs: this.#clock.now(), message: encoded, ...(closes > 0 && { closes }) });
    const isFull = this.#rows.size > LIMIT.count * 1.1 || this.#weights.total > LIMIT.bytes * 1.1;
    if (isFull || this.#clock.now() - this.#prunedAtMs > PRUNE_EVERY_MS) await this.prune();
  }

  /**
   * Gives a message that is sent again the secret that it had before. The library makes a new one each time, and phones
   * keep the first: a vote in a poll, which is sealed under it, could not be opened.
   */
  keepSecret(id: string, message: proto.IMessage): void {
    const messageSecret = this.find(id)?.messageContextInfo?.messageSecret;
    if (messageSecret && messageSecret.length > 0 && message.messageContextInfo?.messageSecret)
      message.messageContextInfo.messageSecret = messageSecret;
  }

  /** How often WhatsApp closed a connection while this message was on its way, by this process and earlier ones. */
  closesOf(id: string): number {
    return this.#rows.get(id)?.closes ?? 0;
  }

  /** Counts a close for a message that was on its way. Throws `STORAGE_FAILED`. */
  async noteClose(id: string): Promise<void> {
    const { atMs, message } = this.#rows.get(id) ?? { atMs: this.#clock.now(), message: '' };
    await this.#set(id, { atMs, message, closes: this.closesOf(id) + 1 });
  }

  async #set(id: string, row: SentRow): Promise<void> {
    await this.#session.set({ sent: { [id]: row } });
    this.#weights.set(id, bytesOf(row));
  }

  /** Forgets what is too old or too much. Throws `STORAGE_FAILED`. */
  async prune(): Promise<void> {
    const { count, bytes, timeMs } = LIMIT;
    const forgotten: Record<string, null> = {};
    const ageOf = ({ atMs }: SentRow): number => ageMs(atMs, this.#clock.now());
    const oldestFirst = [...this.#rows].sort(([, a], [, b]) => ageOf(b) - ageOf(a));
    let left = oldestFirst.length;
    let size = this.#weights.total;
    for (const [id, row] of oldestFirst) {
      if (left <= count && size <= bytes && ageOf(row) <= timeMs) break;
      forgotten[id] = null;
      left -= 1;
      size -= bytesOf(row);
    }
    this.#prunedAtMs = this.#clock.now();
    if (Object.keys(forgotten).length === 0) return;
    await this.#session.set({ sent: forgotten });
    for (const id of Object.keys(forgotten)) this.#weights.set(id, undefined);
    noteLimitReached('table:sent', Object.keys(forgotten).length);
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  find(id: string | null | undefined): proto.IMessage | undefined {
    const row = id ? this.#rows.get(id) : undefined;
    return row?.message ? proto.Message.decode(Buffer.from(row.message, 'base64')) : undefined;
  }
}

const ROW_BYTES = 64;

const bytesOf = ({ message }: SentRow): number => message.length + ROW_BYTES;
