import { ageMs, type Clock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { Table } from '../../core/table.ts';

/** How long after a message its edit can still become a command. */
const EDIT_WINDOW_MS = 5 * 60_000;

/** A command that waits for its turn or runs. */
export interface PendingCommand {
  isStarted: boolean;
  /** Resolves when the note that an edit runs is on disk; `undefined` for a message that is not an edit. */
  recorded?: Promise<void>;
  /** Set when an edit replaced the command before it started; resolves when that is on disk. */
  replacedBy: Promise<void> | undefined;
}

interface Seen {
  readonly sentAtMs: number;
  job: PendingCommand | undefined;
}

/** The edit that replaced a message. The key of the row names the message. */
export type EditRow = { readonly atMs: number; readonly edit: string };

/**
 * Decides what an edited message does. An edit that turns a message into a command runs as a message of its own, if it
 * comes within five minutes. The edit of a command that has not started replaces it. The edit of a command that has
 * started is ignored: the command is answered as it was. These decisions hold after a kill. Edits of messages that the
 * bot has not seen since its start are ignored too, because the message may have been answered.
 */
export class Edits {
  readonly #table: Table<EditRow>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #seen = new RecentMap<Seen>(LIMITS['recent:messages'].count / 2);

  constructor(table: Table<EditRow>, clock: Pick<Clock, 'now'>) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Remembers a message, and its `job` if it is a command. */
  note(message: IncomingMessage, job?: PendingCommand): void {
    this.#seen.set(rowKeyOf(message, message.id), { sentAtMs: message.sentAtMs, job });
  }

  /** Whether an edit replaced this message before a kill. */
  isReplaced(message: IncomingMessage): boolean {
    return rowKeysOf(message, message.id).some((rowKey) => this.#table.has(rowKey));
  }

  /** Whether this edit runs. `job` is set if its new text is a command. */
  take(edit: IncomingMessage, originalId: string, job: PendingCommand | undefined, nowMs: number): boolean {
    const rowKeys = rowKeysOf(edit, originalId);
    if (rowKeys.some((rowKey) => this.#table.get(rowKey)?.edit === edit.key)) return job !== undefined;
    const rowKey = rowKeys.find((one) => this.#seen.has(one));
    const original = rowKey === undefined ? undefined : this.#seen.get(rowKey);
    if (rowKey === undefined || original === undefined || original.job?.isStarted === true) return false;
    if (original.job === undefined && edit.sentAtMs - original.sentAtMs > EDIT_WINDOW_MS) return false;
    const isNews = job !== undefined || original.job !== undefined;
    const recorded = isNews ? this.#table.set(rowKey, { atMs: nowMs, edit: edit.key }) : Promise.resolve();
    const settled = recorded.catch(() => undefined);
    if (original.job !== undefined) original.job.replacedBy = settled;
    if (job !== undefined) job.recorded = settled;
    original.job = job;
    return job !== undefined;
  }

  /** Removes the note that the edit runs. If that fails, a later start removes it. */
  async done(edit: IncomingMessage, originalId: string): Promise<void> {
    for (const rowKey of rowKeysOf(edit, originalId)) {
      if (this.#table.get(rowKey)?.edit === edit.key) await this.#table.delete(rowKey).catch(() => undefined);
    }
  }

  /** Forgets notes that are too old. */
  async prune(): Promise<void> {
    const nowMs = this.#clock.now();
    const { timeMs } = LIMITS['table:edits'];
    for (const [key, { atMs }] of [...this.#table.entries()]) {
      if (ageMs(atMs, nowMs) > timeMs) await this.#table.delete(key);
    }
  }
}

/** Does not contain the chat, which has two addresses: the ids of one person's messages differ anyway. */
const rowKeyOf = ({ sender }: IncomingMessage, id: string): string => `${sender.number ?? sender.jid}\n${id}`;

/**
 * Both keys that the row of a message may have: the number of its sender may have become known only after the message
 * came.
 */
const rowKeysOf = (message: IncomingMessage, id: string): string[] => [
  rowKeyOf(message, id),
  `${message.sender.jid}\n${id}`,
];
