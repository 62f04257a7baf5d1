import type { proto } from '@whiskeysockets/baileys';
import type { KeyBundle } from '../crypto/phone-keys.ts';
import type { MediaHost } from '../media/media-host.ts';
import type { Stanza } from '../wire/stanza.ts';
import type { Contact } from './contact-address.ts';

/** What a simulated phone needs from the server. */
export interface Network {
  readonly owner: Contact;
  /** Ids of the owner's linked devices. */
  companionIds(): number[];
  /** A bundle of a linked device; spends one of its one-time keys. */
  takeBundle(companion: number): KeyBundle | undefined;
  /** Hands a stanza to a linked device, now or at its next login, until it acknowledges it. */
  post(companion: number, node: Stanza): void;
  /** The owner's phone gets every message itself, whatever becomes of its companions' copies. */
  tellPhone(message: proto.IWebMessageInfo): void;
  nowSeconds(): number;
  readonly media: MediaHost;
}
