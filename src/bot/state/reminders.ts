import { ageMs, type Clock } from '../../core/clock.ts';
import { afterCrash, isPoison } from '../../core/crash-history.ts';
import { EntrySizes } from '../../core/entry-sizes.ts';
import { isAppError } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { Table } from '../../core/table.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import { Interrupted } from '../run/interrupted-error.ts';
import { sendId } from '../send/message-id.ts';
import type { Outbox } from '../send/outbox.ts';
import { DueTimes } from './due-times.ts';
import { type Reminder, toMessage } from './reminder.ts';
import { decideReminderRetry } from './reminder-retry.ts';

export type { Reminder } from './reminder.ts';

/** What reminders must know to find one that crashes the bot. */
export interface CrashFacts {
  /** Whether the last process was killed. Default false. */
  readonly wasKilled?: boolean;
  /** Tells when there is a connection. Default: there is one. */
  readonly messenger?: Pick<Messenger, 'whenOpen'>;
}

/** Longest timer. Timers stand still while the machine sleeps, and a timer of more than 24 days fires at once. */
const LOOK_EVERY_MS = 60_000;
const LIMIT = LIMITS['table:reminders'];

/** Keeps reminders over restarts and sends each once. A late one has an apology. */
export class Reminders {
  readonly #table: Table<Reminder>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbox: Pick<Outbox, 'send'>;
  readonly #facts: CrashFacts;
  readonly #due = new DueTimes();
  readonly #counts = new Map<string, number>();
  readonly #weights = new EntrySizes();
  readonly #delivering = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #lastAlone: Promise<void> = Promise.resolve();
  #setAside = 0;
  #wait: AbortController | undefined;

  constructor(
    table: Table<Reminder>,
    clock: Clock,
    log: Log,
    outbox: Pick<Outbox, 'send'>,
    facts: CrashFacts = {},
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#log = log;
    this.#outbox = outbox;
    this.#facts = facts;
  }

  get pending(): number {
    return this.#table.size;
  }

  /** How many were given up since the start: they crashed the bot, WhatsApp refused them, or their tries were over. */
  get setAside(): number {
    return this.#setAside;
  }

  start(): void {
    this.#noteCrash();
    for (const [id, reminder] of this.#table.entries()) this.#keep(id, reminder);
    this.#arm();
  }

  /** Resolves when nothing changes the table any more. The outbox cuts off reminders that are being sent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wait?.abort();
    await Promise.all(this.#delivering);
  }

  /**
   * Resolves when it is on disk. The same id again changes nothing. Throws a `Refusal` if it is too much or too late.
   */
  async add(id: string, reminder: Reminder): Promise<void> {
    if (this.#table.has(id)) return;
    if (reminder.dueAtMs - this.#clock.now() > LIMIT.timeMs) {
      noteLimitReached('table:reminders');
      throw new Refusal(phrases.reminderTooFar);
    }
    this.#checkRoom(reminder);
    await this.#table.set(id, reminder);
    this.#keep(id, reminder);
    if (this.#due.first?.id === id) this.#arm();
  }

  #checkRoom(reminder: Reminder): void {
    const isPersonFull = (this.#counts.get(reminder.person) ?? 0) >= LIMITS['reminders:person'].count;
    const bytes = this.#weights.total + sizeOf(reminder);
    if (!isPersonFull && this.#table.size < LIMIT.count && bytes <= LIMIT.bytes) return;
    noteLimitReached(isPersonFull ? 'reminders:person' : 'table:reminders');
    throw new Refusal(phrases.remindersFull);
  }

  /**
   * Removes reminders whose time is more than a year away, before or after now. The cause is a wrong clock or a damaged
   * file.
   */
  async prune(): Promise<void> {
    for (const [id, reminder] of [...this.#table.entries()]) {
      if (ageMs(reminder.dueAtMs, this.#clock.now()) <= LIMIT.timeMs) continue;
      noteLimitReached('table:reminders');
      await this.#table.delete(id);
      this.#forget(id, reminder);
    }
  }

  #keep(id: string, reminder: Reminder): void {
    const { person, dueAtMs } = reminder;
    this.#counts.set(person, (this.#counts.get(person) ?? 0) + 1);
    this.#weights.set(id, sizeOf(reminder));
    this.#due.add(id, dueAtMs);
  }

  #forget(id: string, { person }: Reminder): void {
    const left = (this.#counts.get(person) ?? 1) - 1;
    if (left > 0) this.#counts.set(person, left);
    else this.#counts.delete(person);
    this.#weights.set(id, undefined);
  }

  /**
   * Counts a crash for reminders that were being sent, or may have been: the oldest that was due in each chat. One that
   * is the likely cause of the crashes is removed, and the person is told once.
   */
  #noteCrash(): void {
    const chats = new Set<string>();
    const dueFirst = [...this.#table.entries()]
      .filter(([, { dueAtMs }]) => dueAtMs <= this.#clock.now())
      .sort(([, a], [, b]) => a.dueAtMs - b.dueAtMs);
    for (const [id, reminder] of dueFirst) {
      const { isStarted, ...unmarked } = reminder;
      const isOldest = !chats.has(reminder.chat);
      chats.add(reminder.chat);
      const crash = this.#facts.wasKilled ? afterCrash(reminder, isOldest) : undefined;
      if (crash && isPoison(crash)) this.#giveUpPoison(id, reminder, crash.crashes);
      // If this cannot be stored, the crash is not counted.
      else if (crash || isStarted) this.#table.set(id, { ...unmarked, ...crash }).catch(() => undefined);
    }
  }

  #giveUpPoison(id: string, { chat, expirationSeconds }: Reminder, crashes: number): void {
    noteLimitReached('crashes');
    this.#setAside += 1;
    this.#log.warn({ crashes }, 'a reminder is set aside: the bot crashed each time that it sent it');
    const content = { kind: 'text' as const, text: phrases.setAside, mentions: [] };
    const notice = { id: sendId(id, 'set aside'), chat, content, expirationSeconds };
    // Removed first, so that a crash of the notice is the last one.
    const telling = this.#table.delete(id).then(() => this.#outbox.send(notice));
    this.#track(telling.catch(() => undefined));
  }

  /** Sets the timer for the next reminder and cancels the earlier timer. */
  #arm(): void {
    this.#wait?.abort();
    const next = this.#due.first;
    if (next === undefined || this.#stopping.signal.aborted) return;
    this.#wait = new AbortController();
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, next.atMs - this.#clock.now()));
    this.#clock.sleep(waitMs, this.#wait.signal).then(
      () => this.#wake(),
      () => undefined, // aborted: an earlier reminder was added, or the bot stops
    );
  }

  #wake(): void {
    for (const id of this.#due.take(this.#clock.now())) this.#track(this.#deliver(id));
    this.#arm();
  }

  #track(delivering: Promise<void>): void {
    this.#delivering.add(delivering);
    void delivering.finally(() => this.#delivering.delete(delivering));
  }

  /**
   * Sends first and deletes then. After a kill in between it is sent again under the same id, and people see it once.
   */
  async #deliver(id: string): Promise<void> {
    const reminder = this.#table.get(id);
    if (reminder === undefined) return;
    try {
      if (reminder.crashes === undefined) await this.#outbox.send(toMessage(id, reminder, this.#clock));
      else await this.#sendAlone(id, reminder);
    } catch (error) {
      // The row stays, and the next start delivers it.
      if (error instanceof Interrupted || this.#stopping.signal.aborted) return;
      if (await this.#keepForRetry(id, reminder, error)) return;
      this.#setAside += 1;
      this.#log.warn({ code: codeOf(error) }, 'could not send a reminder, so it is dropped');
    }
    this.#forget(id, reminder);
    await this.#table.delete(id).catch((error: unknown) => {
      this.#log.warn(
        { code: codeOf(error) },
        'could not delete a reminder that was sent; it is sent again under the same id',
      );
    });
  }

  /**
   * Reminders that may have crashed the bot are sent one at a time, so that crashes are counted only for their cause.
   */
  #sendAlone(id: string, reminder: Reminder): Promise<void> {
    const sending = this.#lastAlone.then(async () => {
      // A program that ends without a connection does not count as a crash of this reminder.
      await this.#facts.messenger?.whenOpen(this.#stopping.signal);
      await this.#table.set(id, { ...reminder, isStarted: true }).catch(() => undefined);
      await this.#outbox.send(toMessage(id, reminder, this.#clock));
    });
    this.#lastAlone = sending.catch(() => undefined);
    return sending;
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
    this.#due.add(id, now + decision.waitMs);
    this.#arm();
    return true;
  }
}

const sizeOf = (reminder: Reminder): number => Buffer.byteLength(JSON.stringify(reminder));

const codeOf = (error: unknown): string => (isAppError(error) ? error.code : 'UNKNOWN');
