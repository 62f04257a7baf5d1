import type { Clock } from '../../core/clock.ts';
import { isAppError } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limit-counts.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { OutgoingMessage } from '../../core/outgoing-message.ts';
import type { Table } from '../../core/table.ts';
import { formatDuration } from '../duration.ts';
import { Refusal } from '../refusal.ts';
import { Interrupted } from '../run/interrupted.ts';
import { sendId } from '../send/message-id.ts';
import { decideReminderRetry } from './reminder-retry.ts';

/** A message that is due later. The key of its row makes its message id, so that people see it once if it is sent twice. */
export interface Reminder {
  readonly chat: string;
  readonly text: string;
  readonly dueAtMs: number;
  readonly person: string;
  readonly mentions: readonly string[];
  readonly expirationSeconds: number;
  /** How often its send failed, and when for the first time. None if it has not failed. */
  readonly failures?: { readonly count: number; readonly sinceMs: number };
}

/** A reminder that is later than this has an apology. */
const PUNCTUAL_MS = 60_000;
/** Longest timer. Timers stand still while the machine sleeps, and a timer of more than 24 days fires at once. */
const LOOK_EVERY_MS = 60_000;
const MAX_PER_PERSON = 50;
const MAX_ALL = LIMITS['table:reminders'].count;

/** Keeps reminders over restarts and sends each once. A late one has an apology. */
export class Reminders {
  readonly #table: Table<Reminder>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #send: (message: OutgoingMessage) => Promise<void>;
  /** Sorted by time, the next one first. */
  readonly #due: Array<{ readonly id: string; readonly atMs: number }> = [];
  readonly #counts = new Map<string, number>();
  readonly #delivering = new Set<Promise<void>>();
  #isStopped = false;
  #wait: AbortController | undefined;

  constructor(
    table: Table<Reminder>,
    clock: Clock,
    log: Log,
    send: (message: OutgoingMessage) => Promise<void>,
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#log = log;
    this.#send = send;
  }

  get pending(): number {
    return this.#table.size;
  }

  start(): void {
    for (const [id, reminder] of this.#table.entries()) this.#keep(id, reminder);
    this.#arm();
  }

  /** Resolves when nothing changes the table any more. The outbox cuts off reminders that are being sent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wait?.abort();
    await Promise.all(this.#delivering);
  }

  /** Resolves when it is on disk. The same id again changes nothing. Throws a `Refusal` if there are too many. */
  async add(id: string, reminder: Reminder): Promise<void> {
    if (this.#table.has(id)) return;
    if ((this.#counts.get(reminder.person) ?? 0) >= MAX_PER_PERSON || this.#table.size >= MAX_ALL) {
      throw new Refusal('I have too many reminders to keep. Please wait until some are done.');
    }
    await this.#table.set(id, reminder);
    this.#keep(id, reminder);
    if (this.#due[0]?.id === id) this.#arm();
  }

  #keep(id: string, { dueAtMs, person }: Reminder): void {
    this.#counts.set(person, (this.#counts.get(person) ?? 0) + 1);
    this.#enqueue(id, dueAtMs);
  }

  #enqueue(id: string, atMs: number): void {
    let low = 0;
    for (let high = this.#due.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#due[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, { id, atMs });
  }

  /** Sets the timer for the next reminder and cancels the earlier timer. */
  #arm(): void {
    this.#wait?.abort();
    const next = this.#due[0];
    if (next === undefined || this.#isStopped) return;
    this.#wait = new AbortController();
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, next.atMs - this.#clock.now()));
    this.#clock.sleep(waitMs, this.#wait.signal).then(
      () => this.#wake(),
      () => undefined, // aborted: an earlier reminder was added, or the bot stops
    );
  }

  #wake(): void {
    const now = this.#clock.now();
    for (let next = this.#due[0]; next !== undefined && next.atMs <= now; next = this.#due[0]) {
      this.#due.shift();
      const delivering = this.#deliver(next.id);
      this.#delivering.add(delivering);
      void delivering.finally(() => this.#delivering.delete(delivering));
    }
    this.#arm();
  }

  /** Sends first and deletes then. After a kill in between it is sent again under the same id, and people see it once. */
  async #deliver(id: string): Promise<void> {
    const reminder = this.#table.get(id);
    if (reminder === undefined) return;
    try {
      await this.#send(toMessage(id, reminder, this.#clock));
    } catch (error) {
      // The row stays, and the next start delivers it.
      if (error instanceof Interrupted) return;
      if (await this.#keepForRetry(id, reminder, error)) return;
      this.#log.warn({ code: codeOf(error) }, 'a reminder could not be sent and is dropped');
    }
    const left = (this.#counts.get(reminder.person) ?? 1) - 1;
    if (left > 0) this.#counts.set(reminder.person, left);
    else this.#counts.delete(reminder.person);
    await this.#table.delete(id).catch((error: unknown) => {
      this.#log.warn(
        { code: codeOf(error) },
        'could not delete a reminder that was sent; it is sent again under the same id',
      );
    });
  }

  /** Notes the failure and sets the time of the next try. False if there is none. */
  async #keepForRetry(id: string, reminder: Reminder, error: unknown): Promise<boolean> {
    const now = this.#clock.now();
    const failures = {
      count: (reminder.failures?.count ?? 0) + 1,
      sinceMs: reminder.failures?.sinceMs ?? now,
    };
    const decision = decideReminderRetry(error, failures.count, now - failures.sinceMs);
    if (!decision.again) {
      if (decision.isAtLimit) noteLimitReached('reminder-tries');
      return false;
    }
    // If this cannot be stored, the failure counts until the next start only.
    await this.#table.set(id, { ...reminder, failures }).catch(() => undefined);
    this.#enqueue(id, now + decision.waitMs);
    this.#arm();
    return true;
  }
}

/** The text is made at each try, because how late it is depends on when there is a connection. */
function toMessage(id: string, reminder: Reminder, clock: Clock): OutgoingMessage {
  const { chat, text, dueAtMs, mentions, expirationSeconds } = reminder;
  return {
    id: sendId(id, 'reminder'),
    chat,
    get content() {
      return { kind: 'text' as const, text: text + apologyFor(clock.now() - dueAtMs), mentions };
    },
    expirationSeconds,
  };
}

function apologyFor(lateMs: number): string {
  return lateMs > PUNCTUAL_MS ? `\n\n(Sorry, this is ${formatDuration(lateMs)} late: I was away.)` : '';
}

const codeOf = (error: unknown): string => (isAppError(error) ? error.code : 'UNKNOWN');
