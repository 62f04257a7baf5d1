import type { Stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';

/** What the simulator tells about itself. */
export interface SimulatorEvents {
  /** A client that is not linked has connected. */
  'qr-requested': [];
  paired: [companion: Companion];
  /** A linked client has logged in. */
  opened: [companion: Companion];
  /** A connection has ended; the companion is missing when it never logged in. */
  closed: [companion: Companion | undefined];
  'stanza-in': [node: Stanza, companion: Companion | undefined];
  'stanza-out': [node: Stanza, companion: Companion | undefined];
  /** A client sent what is no WhatsApp, or the simulator has a bug. */
  'input-refused': [error: unknown];
}
