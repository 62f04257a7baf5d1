import type { Stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';

/** The events of the simulator. */
export interface SimulatorEvents {
  /** A client that is not linked has connected. */
  'qr-requested': [];
  paired: [companion: Companion];
  /** A linked client has logged in. */
  opened: [companion: Companion];
  /** A linked client is ready for messages. */
  activated: [companion: Companion];
  /** A connection has ended; the companion is undefined if the client never logged in. */
  closed: [companion: Companion | undefined];
  'stanza-in': [node: Stanza, companion: Companion | undefined];
  'stanza-out': [node: Stanza, companion: Companion | undefined];
  /** A client sent something that is not WhatsApp's protocol, or the simulator has a bug. */
  'input-refused': [error: unknown];
}
