import { isAppError, isTemporary } from '../../core/errors.ts';

/** How often a message may stay unacknowledged on an open connection before its send rejects. */
export const MAX_TIMEOUTS = 5;

export type RetryDecision = { readonly again: false } | { readonly again: true; readonly waitMs: number };

/**
 * Whether to try again after `failures` failed tries, of which `timeouts` had no acknowledgement. If there is no
 * connection, or the disk is full (which closes the connection), the send is tried again without a limit. If there was
 * no acknowledgement, it is tried again a few times, after the wait that WhatsApp asked for. Any other error is final.
 */
export function decideRetry(error: unknown, failures: number, timeouts: number): RetryDecision {
  const isLastTimeout = isAppError(error, 'SEND_TIMEOUT') && timeouts >= MAX_TIMEOUTS;
  if (!isTemporary(error) || isLastTimeout) return { again: false };
  // The first retry waits for the connection only. Later ones pause, in case each connection opens and fails at once.
  const askedMs = isAppError(error) ? (error.retryAfterMs ?? 0) : 0;
  const waitMs = Math.max(askedMs, Math.min(5_000, (failures - 1) * 250));
  return { again: true, waitMs };
}
