import { assertNever } from '../core/errors.ts';
import type { CloseReason } from './connection/close-reason.ts';

/** What the client is doing: the one truth that the log, the status page and the exit code read. */
export type ClientState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  /** Waiting for a person: a QR code to scan, or a pairing code to enter. */
  | {
      readonly kind: 'pairing';
      readonly qr: string | undefined;
      readonly code: string | undefined;
      readonly expiresAtMs: number | undefined;
      /** Which QR of this connection it is, from 0. */
      readonly index: number;
    }
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly reason: CloseReason; readonly untilMs: number }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** Why the client came to its end. */
export type StopReason =
  | { readonly kind: 'asked' }
  | { readonly kind: 'logged-out' }
  | { readonly kind: 'replaced' };

/** The word in `Connection status: …`, where this state is one that users know. */
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
