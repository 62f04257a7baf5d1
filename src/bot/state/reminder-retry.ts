import { isTemporary } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';

export type ReminderRetry =
  | { readonly again: true; readonly waitMs: number }
  | { readonly again: false; readonly isAtLimit: boolean };

const FIRST_WAIT_MS = 60_000;
const MAX_WAIT_MS = 3_600_000;

/**
 * What to do after a reminder could not be sent for the `failures`th time, the first time `sinceMs` milliseconds ago.
 * A refusal is final. Anything that may pass is tried again with growing pauses, up to a number of tries and a time.
 */
export function decideReminderRetry(error: unknown, failures: number, sinceMs: number): ReminderRetry {
  if (!isTemporary(error)) return { again: false, isAtLimit: false };
  const { count, timeMs } = LIMITS['reminder-tries'];
  if (failures >= count || sinceMs >= timeMs) return { again: false, isAtLimit: true };
  const growingMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 2));
  return { again: true, waitMs: Math.max(growingMs, askedWaitMs(error)) };
}

/** The wait that WhatsApp asked for, if the error names one. */
function askedWaitMs(error: unknown): number {
  const { retryAfterMs } = error as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_WAIT_MS) : 0;
}
