import { assertNever } from '../../core/errors.ts';
import { HOUR_MS } from '../../core/limits/limit-units.ts';
import type { StopReason } from '../client-state.ts';
import { type CloseReason, isRefusedLogin } from './close-reason.ts';

/** `RECONNECT_DELAY_MS` and what repeated failures grow to, `RECONNECT_MAX_DELAY_MS`. */
export interface ReconnectPolicy {
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** What happened before: kept by the client, advanced by `recordClose`, cleared when a connection was stable. */
export interface CloseHistory {
  /** Closes in a row without a stable connection between them. */
  readonly failures: number;
  /** Refused logins (401, 403) in a row. */
  readonly authFailures: number;
  /** Since when every login was refused, by a clock that only goes forward; undefined if the last one was let in. */
  readonly refusedSinceMs: number | undefined;
  /** When the first QR round ended without a scan, by the same clock; undefined if none has since the last login. */
  readonly unscannedSinceMs: number | undefined;
  /** Restarts in a row that the server asked for. */
  readonly restarts: number;
  /** Closes because of a message, without a stable connection between them. */
  readonly sendCloses: number;
  /** When this session was last taken over by another client, by a clock that only goes forward. */
  readonly replacedAtMs: number | undefined;
}

export const NO_CLOSES: CloseHistory = {
  failures: 0,
  authFailures: 0,
  refusedSinceMs: undefined,
  unscannedSinceMs: undefined,
  restarts: 0,
  sendCloses: 0,
  replacedAtMs: undefined,
};

/** What a close is to the program that it ends. */
export type Ending = Exclude<StopReason['kind'], 'asked'>;

/** What follows a close: the end, or another try after a wait, which may be 0. */
export type Decision =
  | { readonly action: 'stop'; readonly as: Ending }
  | { readonly action: 'reconnect'; readonly delayMs: number };

/** How many waits stay at the configured length before they grow. */
const STEADY_WAITS = 10;
/** A pairing takes one. If a server asks for more of them, there are pauses. */
const RESTARTS_AT_ONCE = 3;
/**
 * After a close because of a message, the bot connects again soon, so that other people wait less. One chat closes the
 * connection three times before its messages are held back; this number is enough for two such chats.
 */
const SOON_MS = 500;
const RETURNS_SOON = 6;
const AFTER_REPLACED_MS = 60_000;
const REPLACED_TWICE_WITHIN_MS = 10 * 60_000;

/**
 * Whether a close counts as a failure. An unfinished pairing does not count, and a restart that the server
 * asked for does not. If a message closed a connection on which other messages were acknowledged, that does not count
 * either.
 */
function isFailure(close: CloseReason): boolean {
  if (close.kind === 'closed-by-send') return !close.hasWorked;
  return close.kind !== 'qr-ended' && close.kind !== 'restart-required';
}

/** The history after this close. */
export function recordClose(close: CloseReason, before: CloseHistory, nowMs: number): CloseHistory {
  return {
    failures: isFailure(close) ? before.failures + 1 : before.failures,
    authFailures: close.kind === 'auth-failed' ? before.authFailures + 1 : 0,
    refusedSinceMs: isRefusedLogin(close) ? (before.refusedSinceMs ?? nowMs) : before.refusedSinceMs,
    unscannedSinceMs:
      close.kind === 'qr-ended' ? (before.unscannedSinceMs ?? nowMs) : before.unscannedSinceMs,
    restarts: close.kind === 'restart-required' ? before.restarts + 1 : 0,
    sendCloses: close.kind === 'closed-by-send' ? before.sendCloses + 1 : before.sendCloses,
    replacedAtMs: close.kind === 'replaced' ? nowMs : before.replacedAtMs,
  };
}

/** Whether it began an hour ago or earlier. */
const hasLasted = (sinceMs: number | undefined, nowMs: number): boolean =>
  sinceMs !== undefined && nowMs - sinceMs >= HOUR_MS;

/** After an accepted login: the session is not gone, for whatever reason this connection ends. */
export function recordOpened(before: CloseHistory): CloseHistory {
  return { ...before, authFailures: 0, refusedSinceMs: undefined, unscannedSinceMs: undefined };
}

/** A connection that stayed open for a minute clears the failures, but not that the session was taken over. */
export function recordStable(before: CloseHistory): CloseHistory {
  return { ...NO_CLOSES, replacedAtMs: before.replacedAtMs };
}

/**
 * What to do after a close. `before` is the history without it, `random` gives a number from 0 to 1.
 * A session is only ever given up for a logout, and for a second takeover within ten minutes.
 */
export function decideReconnect(
  close: CloseReason,
  before: CloseHistory,
  policy: ReconnectPolicy,
  nowMs: number,
  random: () => number,
): Decision {
  switch (close.kind) {
    case 'logged-out':
      return { action: 'stop', as: 'logged-out' };
    case 'replaced': {
      const wasRecent =
        before.replacedAtMs !== undefined && nowMs - before.replacedAtMs < REPLACED_TWICE_WITHIN_MS;
      return wasRecent
        ? { action: 'stop', as: 'replaced' }
        : { action: 'reconnect', delayMs: AFTER_REPLACED_MS };
    }
    case 'restart-required':
      return {
        action: 'reconnect',
        delayMs: before.restarts < RESTARTS_AT_ONCE ? 0 : waitFor(before.restarts, policy, random),
      };
    case 'banned':
      return { action: 'reconnect', delayMs: close.forMs };
    case 'qr-ended': {
      const isUnwatched = hasLasted(before.unscannedSinceMs, nowMs);
      return { action: 'reconnect', delayMs: isUnwatched ? policy.maxDelayMs : policy.delayMs };
    }
    case 'account-refused':
      return { action: 'reconnect', delayMs: HOUR_MS };
    case 'closed-by-send': {
      const isSoon = before.sendCloses < RETURNS_SOON;
      const delayMs = isSoon
        ? Math.min(SOON_MS, policy.delayMs)
        : waitFor(before.failures + 1, policy, random);
      return { action: 'reconnect', delayMs };
    }
    case 'auth-failed':
    case 'version-refused':
    case 'storage-failed':
    case 'network': {
      const isLong = isRefusedLogin(close) && hasLasted(before.refusedSinceMs, nowMs);
      return {
        action: 'reconnect',
        delayMs: isLong ? HOUR_MS : waitFor(before.failures + 1, policy, random),
      };
    }
    default:
      return assertNever(close);
  }
}

/** Steady for the first ten failures, then doubling up to the longest, each shortened by up to a fifth by chance. */
export function waitFor(failures: number, policy: ReconnectPolicy, random: () => number): number {
  if (failures <= STEADY_WAITS) return policy.delayMs;
  const doubled = policy.delayMs * 2 ** Math.min(failures - STEADY_WAITS, 32);
  const longest = Math.min(doubled, policy.maxDelayMs);
  return Math.max(policy.delayMs, Math.round(longest * (1 - 0.2 * random())));
}
