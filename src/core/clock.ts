import { setTimeout as timer } from 'node:timers/promises';

/** Time as the program sees it: a test moves its own. */
export interface Clock {
  /** Milliseconds since 1970, which a person, a network or a sleeping machine may move. */
  now(): number;
  /** Milliseconds that only go forward, and stand still while the machine sleeps. */
  upMs(): number;
  /** Resolves after `ms` milliseconds, however many; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The two clocks of a machine, and a timer. */
export interface Timepieces extends Pick<Clock, 'now' | 'upMs'> {
  /** Resolves after `ms` milliseconds (at most 24 days); rejects when the signal aborts. */
  timer(ms: number, signal: AbortSignal): Promise<void>;
}

const SYSTEM: Timepieces = {
  now: () => Date.now(),
  upMs: () => performance.now(),
  timer: (ms, signal) => timer(ms, undefined, { signal }),
};

/** Timers do not go on while a machine sleeps, and end at once if they are set for more than 24 days. */
const LOOK_EVERY_MS = 60_000;

/**
 * Resolves after `ms` milliseconds, however many; rejects when the signal aborts. It ends as soon as either clock says
 * so: a laptop that wakes up has waited, and a clock that is set back does not make a wait longer.
 */
export async function sleep(ms: number, signal: AbortSignal, clocks: Timepieces = SYSTEM): Promise<void> {
  const untilWallMs = clocks.now() + ms;
  const untilUpMs = clocks.upMs() + ms;
  for (;;) {
    signal.throwIfAborted();
    const leftMs = Math.min(untilWallMs - clocks.now(), untilUpMs - clocks.upMs());
    if (leftMs <= 0) return;
    await clocks.timer(Math.min(Math.ceil(leftMs), LOOK_EVERY_MS), signal);
  }
}

export const systemClock: Clock = { now: SYSTEM.now, upMs: SYSTEM.upMs, sleep };

/** How long ago a time was. A time in the future was written while the clock was wrong: its distance is its age. */
export const ageMs = (atMs: number, nowMs: number): number => Math.abs(nowMs - atMs);
