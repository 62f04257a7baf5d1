import { proto } from '@whiskeysockets/baileys';
import type { Session } from '../../session/session.ts';

interface SentRow {
  readonly atMs: number;
  /** The message, encoded and in base64. */
  readonly message: string;
}

const MOST_ROWS = 1_000;
/** A text of 65,536 characters of three bytes, its quote and a thousand mentions fit. */
const LARGEST_BYTES = 256 * 1024;
/** Length of all rows together, in base64. */
const MOST_LENGTH = 64 * 1024 * 1024;

/**
 * Messages that were sent. A phone that cannot read one ("Waiting for this message") asks for it again and gets it
 * from here, after a restart too. Kept are the newest thousand, no message over 256 KiB, 64 MiB in all.
 */
export class SentMessages {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get #rows(): ReadonlyMap<string, SentRow> {
    return this.#session.rows<SentRow>('sent');
  }

  /** Stores a message; must be called before it is sent. Throws `STORAGE_FAILED`. */
  async remember(id: string, message: proto.IMessage): Promise<void> {
    const bytes = proto.Message.encode(message).finish();
    if (bytes.length > LARGEST_BYTES) return;
    const row: SentRow = { atMs: Date.now(), message: Buffer.from(bytes).toString('base64') };
    await this.#session.set({ sent: { [id]: row } });
    await this.#forgetOldest();
  }

  /** Does nothing until the limits are exceeded by a tenth, so that it runs seldom. */
  async #forgetOldest(): Promise<void> {
    let length = 0;
    for (const { message } of this.#rows.values()) length += message.length;
    if (this.#rows.size <= MOST_ROWS * 1.1 && length <= MOST_LENGTH * 1.1) return;
    let count = this.#rows.size;
    const forgotten: Record<string, null> = {};
    for (const [id, { message }] of this.#rows) {
      if (count <= MOST_ROWS && length <= MOST_LENGTH) break;
      forgotten[id] = null;
      count -= 1;
      length -= message.length;
    }
    await this.#session.set({ sent: forgotten });
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  find(id: string | null | undefined): proto.IMessage | undefined {
    const row = id ? this.#rows.get(id) : undefined;
    return row ? proto.Message.decode(Buffer.from(row.message, 'base64')) : undefined;
  }
}
