import { setTimeout as sleep } from 'node:timers/promises';

/** Node's timers go off at once where they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits so long, however long that is, or until the signal aborts; never rejects. */
export async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs -= LONGEST_TIMER_MS) {
    await sleep(Math.min(leftMs, LONGEST_TIMER_MS), undefined, { signal }).catch(() => {});
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
