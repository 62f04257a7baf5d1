import { isAppError } from '../../core/errors.ts';

/** How often an open connection may leave a message unacknowledged before its sender is told. */
export const MAX_TIMEOUTS = 5;

export type RetryDecision = { readonly again: false } | { readonly again: true; readonly waitMs: number };

/**
 * After a failed send, `failures` in a row, `timeouts` of them without an acknowledgement. No connection, or a disk
 * that is full (the connection was given up for it): again, for as long as it takes. No acknowledgement: again, a few
 * times. Anything else is final.
 */
export function decideRetry(error: unknown, failures: number, timeouts: number): RetryDecision {
  const isWorthIt =
    isAppError(error, 'NOT_CONNECTED') ||
    isAppError(error, 'STORAGE_FAILED') ||
    (isAppError(error, 'SEND_TIMEOUT') && timeouts < MAX_TIMEOUTS);
  // The first try again waits for the connection only; the pause is for one that opens and fails at once.
  return isWorthIt ? { again: true, waitMs: Math.min(5_000, (failures - 1) * 250) } : { again: false };
}
