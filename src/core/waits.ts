import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitClock {
  /** Milliseconds since 1970, which a person, a network or a sleeping machine may move. */
  wallMs(): number;
  /** Milliseconds that only go forward, and stand still while the machine sleeps. */
  upMs(): number;
  /** Resolves after so long, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const SYSTEM_CLOCK: WaitClock = {
  wallMs: () => Date.now(),
  upMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

/** Timers do not go on while a machine sleeps, and go off at once where they are set for more than 24 days. */
const LOOK_EVERY_MS = 60_000;

/**
 * Waits so long, however long that is, or until the signal aborts; never rejects. It is over as soon as either
 * clock says so: a laptop that wakes up has waited, and a clock that is set back prolongs nothing.
 */
export async function sleepUntilAborted(
  ms: number,
  signal: AbortSignal,
  clock: WaitClock = SYSTEM_CLOCK,
): Promise<void> {
  const untilWallMs = clock.wallMs() + ms;
  const untilUpMs = clock.upMs() + ms;
  while (!signal.aborted) {
    const leftMs = Math.min(untilWallMs - clock.wallMs(), untilUpMs - clock.upMs());
    if (leftMs <= 0) return;
    await clock.sleep(Math.min(Math.ceil(leftMs), LOOK_EVERY_MS), signal);
  }
}

/** Undefined where the signal aborts first, or the work fails. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, onAbort).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Runs work under a signal that aborts with either of these. Not `AbortSignal.any`: whatever lives longer than the
 * work would keep a kilobyte of each call for ever (Node 20).
 */
export async function underEither<T>(
  signals: readonly [AbortSignal, AbortSignal],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const abort = (): void => either.abort();
  // Many sends wait at once: that is no leak.
  setMaxListeners(0, ...signals);
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  try {
    return await work(either.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}
