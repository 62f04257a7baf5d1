import type { Clock } from '../../core/clock.ts';
import { isAppError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { OutgoingMessage, Table } from '../../core/messages.ts';
import { formatDuration } from '../duration.ts';
import { Refusal } from '../refusal.ts';
import { Interrupted } from '../run/interrupted.ts';
import { sendId } from '../send/message-id.ts';

/** A message that is due later. The key of its row makes its message id, so that people see it once if it is sent twice. */
export interface Reminder {
  readonly chat: string;
  readonly text: string;
  readonly dueAtMs: number;
  readonly person: string;
  readonly mentions: readonly string[];
  readonly expirationSeconds: number;
}

/** A reminder that is later than this has an apology. */
const PUNCTUAL_MS = 60_000;
/** Longest timer. Timers stand still while the machine sleeps, and a timer of more than 24 days fires at once. */
const LOOK_EVERY_MS = 60_000;
/** How long a reminder that WhatsApp did not acknowledge waits before the next try. */
const AGAIN_MS = 60_000;
const MAX_PER_PERSON = 50;
const MAX_ALL = 10_000;

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
      if (isAppError(error, 'SEND_TIMEOUT') || isAppError(error, 'STORAGE_FAILED')) {
        this.#enqueue(id, this.#clock.now() + AGAIN_MS);
        return this.#arm();
      }
      this.#log.warn(
        { code: isAppError(error) ? error.code : 'UNKNOWN' },
        'a reminder could not be sent and is dropped',
      );
    }
    const left = (this.#counts.get(reminder.person) ?? 1) - 1;
    if (left > 0) this.#counts.set(reminder.person, left);
    else this.#counts.delete(reminder.person);
    await this.#table.delete(id).catch((error: unknown) => {
      const code = isAppError(error) ? error.code : 'UNKNOWN';
      this.#log.warn(
        { code },
        'could not delete a reminder that was sent; it is sent again under the same id',
      );
    });
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
