import type { IncomingMessage } from '../core/messages/incoming-message.ts';
import type { ClientState } from './client-state.ts';
import type { CloseReason } from './connection/close-reason.ts';

/** Facts, in the past tense. */
export interface ClientEvents {
  /** The state changed, or whether the connection is deaf. */
  changed: [state: ClientState];
  /** A phone linked this session. */
  paired: [];
  opened: [];
  closed: [reason: CloseReason];
  /** A person's message, stored and decrypted. `finish(message.key)` when the bot needs it no more. */
  received: [message: IncomingMessage];
}
