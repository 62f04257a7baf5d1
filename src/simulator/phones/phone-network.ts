import type { proto } from '@whiskeysockets/baileys';
import type { KeyBundle } from '../crypto/phone-keys.ts';
import type { MediaHost } from '../media/media-host.ts';
import type { Stanza } from '../wire/stanza.ts';
import type { Contact } from './contact-address.ts';

/** The server as simulated phones use it. */
export interface Network {
  readonly owner: Contact;
  /** Ids of the owner's linked devices. */
  companionIds(): number[];
  /** A key bundle of a linked device; uses up one of its one-time keys. */
  takeBundle(companion: number): KeyBundle | undefined;
  /** Sends a stanza to a linked device, now and at each login, until the device acknowledges it. */
  post(companion: number, node: Stanza): void;
  /** Gives a message to the owner's phone, which gets every message itself. */
  archiveMessage(message: proto.IWebMessageInfo): void;
  /** A message that somebody sent to the account, by its id. */
  archivedMessage(id: string): proto.IWebMessageInfo | undefined;
  /** A new privacy token of a person, which replaces the last one. */
  newToken(person: Contact): Buffer;
  /** True if stanzas and queries must not tell LIDs. */
  hidesLids(): boolean;
  readonly media: MediaHost;
}
