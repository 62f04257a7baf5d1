import { assertNever } from '../core/errors.ts';
import type { CloseReason } from './connection/close-reason.ts';

/** What the client is doing, without the time. */
export type ClientActivity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  /** Waiting for a person: a QR code to scan, or a pairing code to enter. */
  | {
      readonly kind: 'pairing';
      readonly qr: string | undefined;
      readonly code: string | undefined;
      /** When WhatsApp begins to refuse what is shown. */
      readonly expiresAtMs: number;
      /** Which QR of this connection it is, from 0. */
      readonly index: number;
      /** A hint for the person: why there is no code, or what else to try. */
      readonly hint?: string | undefined;
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly reason: CloseReason; readonly untilMs: number }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** What the client is doing, and since when: the log, the status page and the exit code read it. */
export type ClientState = ClientActivity & {
  /** When this kind of state began; a new QR code does not change it. Milliseconds since 1970. */
  readonly sinceMs: number;
};

/** Why the client came to its end. */
export type StopReason =
  | { readonly kind: 'asked' }
  | { readonly kind: 'logged-out' }
  | { readonly kind: 'replaced' };

type StateKind = ClientState['kind'];

/** Which state may follow which. docs/design.md draws this list. */
export const TRANSITIONS: Readonly<Record<StateKind, readonly StateKind[]>> = {
  idle: ['connecting', 'stopped'],
  connecting: ['pairing', 'open', 'waiting', 'stopped'],
  pairing: ['pairing', 'open', 'waiting', 'stopped'],
  open: ['waiting', 'stopped'],
  waiting: ['connecting', 'stopped'],
  stopped: [],
};

/** The state after this activity began. Throws if it must not follow `before`: that is a bug. */
export function nextState(before: ClientState, activity: ClientActivity, nowMs: number): ClientState {
  if (!TRANSITIONS[before.kind].includes(activity.kind))
    throw new Error(`the client cannot be ${activity.kind} after ${before.kind}`);
  return { ...activity, sinceMs: before.kind === activity.kind ? before.sinceMs : nowMs };
}

/** The word in `Connection status: …`, if this state is one that users know. */
export function statusWord(state: ClientState): 'connecting' | 'open' | 'close' | undefined {
  switch (state.kind) {
    case 'connecting':
    case 'open':
      return state.kind;
    case 'waiting':
    case 'stopped':
      return 'close';
    case 'idle':
    case 'pairing':
      return undefined;
    default:
      return assertNever(state);
  }
}
