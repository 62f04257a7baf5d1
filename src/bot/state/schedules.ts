import { ageMs, type Clock } from '../../core/clock.ts';
import {
  type CrashHistory,
  CrashMarks,
  historyAtStart,
  historyOf,
  type MarkedRow,
  poisonLimit,
} from '../../core/crash-history.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS, type LimitName } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { Table, TableStorage } from '../../core/table.ts';
import type { ListenerRegistry, LoadedSchedule } from '../loading/listener-registry.ts';
import type { ConversationStore } from '../replay/conversation-store.ts';
import type { MessageHandlers } from '../run/message-handlers.ts';
import type { RunResult } from '../run/run-result.ts';
import { isScheduleKey, scheduleKey } from '../run/schedule-task.ts';
import { sendId } from '../send/message-id.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { type ScheduleRow, withHistory } from './schedule-row.ts';

export interface SchedulesOptions {
  readonly storage: TableStorage;
  readonly clock: Clock;
  readonly log: Log;
  readonly listeners: Pick<ListenerRegistry, 'schedules'>;
  /** Whether the last process was killed. */
  readonly wasKilled: boolean;
  readonly sentIds: Pick<SentIds, 'has'>;
  readonly messenger: Pick<Messenger, 'whenOpen'>;
  /** The logs of handlers that remember steps, by the key of their time. */
  readonly runs: ConversationStore;
  readonly handlers: Pick<MessageHandlers, 'schedule'>;
}

/** Longest timer: schedules may be loaded and clocks may be set meanwhile. */
const LOOK_EVERY_MS = 60_000;
const MAX_AHEAD_MS = 86_400_000;

/** Runs schedules when they are due, each time once, over restarts. */
export class Schedules {
  /** Notes which times run, for those that have seen a crash. */
  readonly marks = new CrashMarks((key) => this.#marked(key));
  readonly #options: SchedulesOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #wait: AbortController | undefined;
  /** Whether a run has ended since the last look: its schedule may be due again at once. */
  #hasEnded = false;
  #timesSetAside = 0;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  get #table(): Table<ScheduleRow> {
    return this.#options.storage.table<ScheduleRow>('schedules');
  }

  /** How many times of schedules were set aside since the start. */
  get setAside(): number {
    return this.#timesSetAside;
  }

  start(): void {
    for (const [name, row] of [...this.#table.entries()]) this.#noteCrash(name, row);
    void this.#look();
  }

  /** After a crash, a time that was in progress gets one more crash. After a clean stop its marks are removed. */
  #noteCrash(name: string, row: ScheduleRow): void {
    const { inWork } = row;
    const { wasKilled, sentIds } = this.#options;
    if (inWork === undefined) return;
    const hadSent = () => sentIds.has(sendId(scheduleKey(name, inWork.dueAtMs), 1));
    const history = historyAtStart(inWork, wasKilled, hadSent);
    // If this cannot be stored, the crash is not counted.
    if (history) this.#keep(name, withHistory(row, inWork, history)).catch(() => undefined);
  }

  #marked(key: string): MarkedRow | undefined {
    if (!isScheduleKey(key)) return undefined;
    for (const [name, row] of this.#table.entries()) {
      const { inWork } = row;
      if (inWork === undefined || scheduleKey(name, inWork.dueAtMs) !== key) continue;
      return {
        history: historyOf(inWork),
        repeats: false,
        store: (history) => this.#keep(name, withHistory(row, inWork, history)),
      };
    }
    return undefined;
  }

  async #keep(name: string, row: ScheduleRow): Promise<void> {
    await this.#table.set(name, row);
  }

  /** Resolves when no schedule runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wait?.abort();
    await Promise.all(this.#running.values());
  }

  /** Forgets the rows of files that have been gone for a long time. Rejects with `STORAGE_FAILED`. */
  async prune(): Promise<void> {
    const { clock, listeners } = this.#options;
    const names = new Set(listeners.schedules.map(({ name }) => name));
    for (const [name, { doneUntilMs }] of [...this.#table.entries()]) {
      const isOld = ageMs(doneUntilMs, clock.now()) > LIMITS['table:schedules'].timeMs;
      if (isOld && !names.has(name)) await this.#table.delete(name);
    }
  }

  async #look(): Promise<void> {
    const { listeners, clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#hasEnded = false;
      let nextMs = clock.now() + LOOK_EVERY_MS;
      for (const loaded of listeners.schedules) {
        try {
          nextMs = Math.min(nextMs, (await this.#begin(loaded)) ?? nextMs);
        } catch {
          log.warn({ file: loaded.file }, 'could not store the time of a schedule; it is tried again');
        }
      }
      this.#wait = new AbortController();
      const waitMs = this.#hasEnded ? 0 : nextMs - clock.now();
      await clock.sleep(Math.max(1, waitMs), this.#wait.signal).catch(() => undefined);
    }
  }

  /** Begins what is due, and returns when the schedule is due next. */
  async #begin(loaded: LoadedSchedule): Promise<number | undefined> {
    const { clock } = this.#options;
    const { name, schedule } = loaded;
    if (this.#running.has(name)) return undefined;
    const table = this.#table;
    const now = clock.now();
    let row = table.get(name);
    // A time that far ahead was noted while the clock was wrong; the schedule would not run until then.
    if (row === undefined || row.doneUntilMs - now > MAX_AHEAD_MS) {
      row = { doneUntilMs: now };
      await table.set(name, row);
    }
    const { inWork } = row;
    if (inWork !== undefined) {
      const crashes = this.#options.runs.withMessage(scheduleKey(name, inWork.dueAtMs))?.row ?? inWork;
      const limit = poisonLimit(crashes);
      if (limit !== undefined) return this.#setAside(loaded, inWork.dueAtMs, crashes, limit);
      await this.#work(loaded, row, inWork.dueAtMs, crashes);
      return undefined;
    }
    const dueAtMs = schedule.nextAfter(row.doneUntilMs);
    if (dueAtMs === undefined || dueAtMs > now) return dueAtMs;
    if (schedule.missed === 'skip' && now - dueAtMs > LOOK_EVERY_MS) {
      await table.set(name, { doneUntilMs: now });
      return schedule.nextAfter(now);
    }
    await this.#work(loaded, row, dueAtMs, undefined);
    return undefined;
  }

  /** Noted before it runs, so that a kill does not lose it. `earlier`: what is known of it, if it runs again. */
  async #work(
    loaded: LoadedSchedule,
    row: ScheduleRow,
    dueAtMs: number,
    earlier: CrashHistory | undefined,
  ): Promise<void> {
    const { clock, log } = this.#options;
    const { name, file } = loaded;
    if (earlier === undefined) await this.#keep(name, { ...row, inWork: { dueAtMs } });
    const work = this.#runOrSuspect(loaded, dueAtMs, earlier?.crashes !== undefined)
      .then(async (result) => {
        const isDone = result === 'done';
        // An unfinished run is not a crash, so none are left.
        const left = { doneUntilMs: row.doneUntilMs, inWork: { dueAtMs } };
        // After a run that an earlier start began, later times may be missed too, so only this time is done.
        const doneUntilMs = earlier === undefined ? clock.now() : dueAtMs;
        await this.#keep(name, isDone ? { doneUntilMs } : left);
        return isDone;
      })
      .catch(() => log.warn({ file }, 'could not store that a schedule has run; it runs again'))
      .then((isDone) => {
        this.#running.delete(name);
        // What could not be done is tried again at the next look, not at once.
        if (isDone !== true) return;
        this.#hasEnded = true;
        this.#wait?.abort();
      });
    this.#running.set(name, work);
  }

  /** What may have crashed the bot runs once there is a connection, so that it does not wait for one in its turn. */
  async #runOrSuspect(loaded: LoadedSchedule, dueAtMs: number, isSuspect: boolean): Promise<RunResult> {
    const { handlers, messenger } = this.#options;
    if (!isSuspect) return handlers.schedule(loaded, dueAtMs);
    const { signal } = this.#stopping;
    try {
      await messenger.whenOpen(signal);
      return await handlers.schedule(loaded, dueAtMs);
    } catch (error) {
      if (signal.aborted) return 'unfinished';
      throw error;
    }
  }

  async #setAside(
    { name, file, schedule }: LoadedSchedule,
    dueAtMs: number,
    { crashes = 0, waits = 0 }: CrashHistory,
    limit: LimitName,
  ): Promise<number | undefined> {
    const { clock, log, runs } = this.#options;
    noteLimitReached(limit);
    this.#timesSetAside += 1;
    log.error(
      { file, crashes: crashes + waits },
      'a time of a schedule is set aside: the bot crashed each time that it ran',
    );
    const found = runs.withMessage(scheduleKey(name, dueAtMs));
    if (found) await runs.end(found.id);
    await this.#keep(name, { doneUntilMs: clock.now() });
    return schedule.nextAfter(clock.now());
  }
}
