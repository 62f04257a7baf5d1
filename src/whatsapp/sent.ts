import { proto } from '@whiskeysockets/baileys';
import type { Session } from '../session/store.ts';

interface SentRow {
  readonly atMs: number;
  /** The message, encoded and in base64. */
  readonly message: string;
}

const MOST_ROWS = 1_000;
const LARGEST_BYTES = 64 * 1024;

/**
 * What was sent, so that a phone that could not read it ("Waiting for this message") gets it again when it asks,
 * after a restart too. Bounded: the newest thousand, and no message over 64 KiB.
 */
export class SentMessages {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get #rows(): ReadonlyMap<string, SentRow> {
    return this.#session.rows<SentRow>('sent');
  }

  /** Before it leaves. Throws `STORAGE_FAILED`. */
  async remember(id: string, message: proto.IMessage): Promise<void> {
    const bytes = proto.Message.encode(message).finish();
    if (bytes.length > LARGEST_BYTES) return;
    const row: SentRow = { atMs: Date.now(), message: Buffer.from(bytes).toString('base64') };
    await this.#session.set({ sent: { [id]: row } });
    if (this.#rows.size > MOST_ROWS * 1.1) await this.#forgetOldest(this.#rows.size - MOST_ROWS);
  }

  async #forgetOldest(count: number): Promise<void> {
    const ids = [...this.#rows.keys()].slice(0, count);
    await this.#session.set({ sent: Object.fromEntries(ids.map((id) => [id, null])) });
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  find(id: string | null | undefined): proto.IMessage | undefined {
    const row = id ? this.#rows.get(id) : undefined;
    return row ? proto.Message.decode(Buffer.from(row.message, 'base64')) : undefined;
  }
}
