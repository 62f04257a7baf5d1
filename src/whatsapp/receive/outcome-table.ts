import { createHash } from 'node:crypto';
import { ageMs, type Clock } from '../../core/clock.ts';
import { isAppError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { MessageRecord } from '../../core/messages/message-records.ts';
import { cutText } from '../../core/plain-text.ts';
import type { PrunableTable } from '../../core/prune-tables.ts';
import type { Session } from '../../session/session-store.ts';

/** What became of a message, without its text. WhatsApp's id of the message is in the key of the row. */
export type OutcomeRow = Omit<MessageRecord, 'id'>;

export type OutcomeChanges = Record<string, OutcomeRow>;

const LIMIT = LIMITS['table:outcomes'];
const MAX_ID_LENGTH = LIMITS['message-ids'].bytesEach;
const MAX_WORD_LENGTH = 128;
const HASH_LENGTH = 8;

/** The key of a row. Two people may choose the same id; the hash of the message's key in the inbox tells them apart. */
export function outcomeKey(id: string, inboxKey: string): string {
  const hash = createHash('sha256').update(inboxKey).digest('base64url').slice(0, HASH_LENGTH);
  return `${cutText(id, MAX_ID_LENGTH)}|${hash}`;
}

/** WhatsApp's id of the message that a row is about. */
export const idOfOutcome = (rowKey: string): string => rowKey.slice(0, -(HASH_LENGTH + 1));

/** What `session explain` reads: what became of the last messages, within the limits of `table:outcomes`. */
export class OutcomeTable implements PrunableTable {
  readonly #session: Session;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(session: Session, clock: Pick<Clock, 'now'>) {
    this.#session = session;
    this.#clock = clock;
  }

  get #rows(): ReadonlyMap<string, OutcomeRow> {
    return this.#session.rows<OutcomeRow>('outcomes');
  }

  /**
   * The row to store, with other changes or by itself. What became of a message that the bot had is not replaced by a
   * later ciphertext of it that cannot be decrypted.
   */
  changes(inboxKey: string, { id, ...record }: MessageRecord): OutcomeChanges {
    const key = outcomeKey(id, inboxKey);
    const isSettled = this.#rows.has(key) && this.#rows.get(key)?.outcome !== 'undecryptable';
    if (record.outcome === 'undecryptable' && isSettled) return {};
    const sender = cutText(record.sender, MAX_WORD_LENGTH);
    const detail = record.detail === undefined ? undefined : cutText(record.detail, MAX_WORD_LENGTH);
    return { [key]: { ...record, sender, detail } };
  }

  /** Forgets the oldest rows if there are a tenth too many. If that fails, a later call tries it again. */
  pruneIfFull(): void {
    if (this.#rows.size <= LIMIT.count * 1.1) return;
    try {
      this.prune();
    } catch (error) {
      // The session has reported it.
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
    }
  }

  prune(): void {
    const oldestFirst = [...this.#rows].sort(([, a], [, b]) => a.atMs - b.atMs);
    const tooMany = oldestFirst.length - LIMIT.count;
    const gone = oldestFirst.filter(
      ([, { atMs }], n) => n < tooMany || ageMs(atMs, this.#clock.now()) > LIMIT.timeMs,
    );
    if (gone.length > 0)
      void this.#session.set({ outcomes: Object.fromEntries(gone.map(([key]) => [key, null])) });
  }
}
