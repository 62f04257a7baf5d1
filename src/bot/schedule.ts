import { Cron } from 'croner';
import { checkFields } from './check-fields.ts';
import type { Context } from './context.ts';

/** The context of a schedule: it writes with `sendTo`, and remembers its steps. */
export interface ScheduleContext
  extends Pick<
    Context,
    'sendTo' | 'step' | 'now' | 'random' | 'botState' | 'me' | 'signal' | 'log' | 'services'
  > {
  /** The time for which it runs, in milliseconds since 1970: earlier than now if it was missed. */
  readonly dueAtMs: number;
}

/** Handed to `schedule()` after the pattern. */
export interface ScheduleSpec {
  /** Such as `Europe/Berlin`. Default the time zone of the machine. */
  readonly timeZone?: string;
  /**
   * What to do about times at which the program did not run: run `once` for all of them, or `skip` them. Default
   * `once`.
   */
  readonly missed?: 'once' | 'skip';
  /** Runs at each time. Errors are logged with the file. */
  run(ctx: ScheduleContext): Promise<unknown> | unknown;
}

/** A schedule as the bot keeps it, made by `schedule()`. */
export interface Schedule {
  readonly kind: 'schedule';
  readonly missed: 'once' | 'skip';
  /** The first time after this one, in milliseconds since 1970; undefined if there is none. */
  nextAfter(ms: number): number | undefined;
  run(ctx: ScheduleContext): Promise<unknown> | unknown;
}

/**
 * Describes a schedule: the default export of a file in `src/listeners/`. `pattern` is that of cron: minute, hour, day
 * of the month, month, day of the week. If there are six fields, the first one is for the seconds. Throws a
 * `TypeError` if something is not valid.
 */
export function schedule(pattern: string, spec: ScheduleSpec): Schedule {
  checkFields(spec, ['timeZone', 'missed', 'run']);
  const { timeZone, missed = 'once' } = spec;
  if (typeof spec.run !== 'function') throw new TypeError('run is not a function');
  if (!['once', 'skip'].includes(missed)) throw new TypeError('missed must be once or skip');
  const cron = cronOf(pattern, timeZone);
  return {
    kind: 'schedule',
    missed,
    nextAfter: (ms) => cron.nextRun(new Date(ms))?.getTime(),
    run: (ctx) => spec.run(ctx),
  };
}

/** Whether this is what `schedule()` returns. Another copy of this module may have made it. */
export function isSchedule(value: unknown): value is Schedule {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, nextAfter, run } = value as Partial<Schedule>;
  return kind === 'schedule' && typeof nextAfter === 'function' && typeof run === 'function';
}

function cronOf(pattern: string, timeZone: string | undefined): Cron {
  try {
    const cron = new Cron(pattern, { paused: true, ...(timeZone !== undefined && { timezone: timeZone }) });
    // A time zone is looked at when the next time is computed.
    cron.nextRun(new Date(0));
    return cron;
  } catch (error) {
    throw new TypeError(`"${pattern}" is not a schedule`, { cause: error });
  }
}
