import { ageMs, type Clock } from '../../core/clock.ts';
import { noteLimitReached } from '../../core/limit-counts.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Table } from '../../core/table.ts';
import type { LoadedSchedule } from '../loading/listener-registry.ts';
import type { Outcome } from '../run/outcome.ts';

/** Until when the times of a schedule have been dealt with, and the one that is in work. */
export interface ScheduleRow {
  readonly doneUntilMs: number;
  readonly inWork?: { readonly dueAtMs: number; readonly tries: number };
}

export interface SchedulesOptions {
  /** Called each time that the table is needed. */
  readonly table: () => Table<ScheduleRow>;
  readonly clock: Clock;
  readonly log: Log;
  readonly all: () => readonly LoadedSchedule[];
  /** Runs the handler. Resolves with `unfinished` if it must run again. */
  run(loaded: LoadedSchedule, dueAtMs: number): Promise<Outcome>;
}

/** Longest timer: schedules may be loaded and clocks may be set meanwhile. */
const LOOK_EVERY_MS = 60_000;
const MAX_AHEAD_MS = 86_400_000;

/** Runs schedules when they are due, each time once, over restarts. */
export class Schedules {
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

  /** How many times of schedules were set aside since the start. */
  get setAside(): number {
    return this.#timesSetAside;
  }

  start(): void {
    void this.#look();
  }

  /** Resolves when no schedule runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wait?.abort();
    await Promise.all(this.#running.values());
  }

  /** Forgets the rows of files that have been gone for a long time. Rejects with `STORAGE_FAILED`. */
  async prune(): Promise<void> {
    const { table, clock, all } = this.#options;
    const names = new Set(all().map(({ name }) => name));
    for (const [name, { doneUntilMs }] of [...table().entries()]) {
      const isOld = ageMs(doneUntilMs, clock.now()) > LIMITS['table:schedules'].timeMs;
      if (isOld && !names.has(name)) await table().delete(name);
    }
  }

  async #look(): Promise<void> {
    const { all, clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#hasEnded = false;
      let nextMs = clock.now() + LOOK_EVERY_MS;
      for (const loaded of all()) {
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
    const table = this.#options.table();
    const now = clock.now();
    let row = table.get(name);
    // A time that far ahead was noted while the clock was wrong; the schedule would not run until then.
    if (row === undefined || row.doneUntilMs - now > MAX_AHEAD_MS) {
      row = { doneUntilMs: now };
      await table.set(name, row);
    }
    const { inWork } = row;
    if (inWork !== undefined) {
      if (inWork.tries >= LIMITS['run-tries'].count) return this.#setAside(loaded);
      await this.#work(loaded, row, inWork.dueAtMs, inWork.tries + 1);
      return undefined;
    }
    const dueAtMs = schedule.nextAfter(row.doneUntilMs);
    if (dueAtMs === undefined || dueAtMs > now) return dueAtMs;
    if (schedule.missed === 'skip' && now - dueAtMs > LOOK_EVERY_MS) {
      await table.set(name, { doneUntilMs: now });
      return schedule.nextAfter(now);
    }
    await this.#work(loaded, row, dueAtMs, 0);
    return undefined;
  }

  /** Noted before it runs, so that a kill does not lose it. */
  async #work(loaded: LoadedSchedule, row: ScheduleRow, dueAtMs: number, tries: number): Promise<void> {
    const { table, run, clock, log } = this.#options;
    const { name, file } = loaded;
    await table().set(name, { ...row, inWork: { dueAtMs, tries } });
    const work = run(loaded, dueAtMs)
      .then(async (outcome) => {
        const isDone = outcome === 'done';
        // An unfinished run is not a crash, so its tries begin again at 0.
        const left = { doneUntilMs: row.doneUntilMs, inWork: { dueAtMs, tries: 0 } };
        // After a run that an earlier start began, later times may be missed too, so only this time is done.
        const doneUntilMs = tries > 0 ? dueAtMs : clock.now();
        await table().set(name, isDone ? { doneUntilMs } : left);
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

  async #setAside({ name, file, schedule }: LoadedSchedule): Promise<number | undefined> {
    const { table, clock, log } = this.#options;
    noteLimitReached('run-tries');
    this.#timesSetAside += 1;
    log.error({ file }, 'a schedule was in work when the program ended, again; this time of it is set aside');
    await table().set(name, { doneUntilMs: clock.now() });
    return schedule.nextAfter(clock.now());
  }
}
