import { setTimeout as sleep } from 'node:timers/promises';

/** Does `work` again and again until the signal is aborted, at most once in that time. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    const next = sleep(everyMs, undefined, { signal }).catch(() => {});
    await work();
    await next;
  }
}
