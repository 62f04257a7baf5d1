import type { proto } from '@whiskeysockets/baileys';
import type { Addressing, GroupAddress } from '../phones/contact-address.ts';

/** A message from one of the owner's companions, as the server hands it to a phone. */
export interface Delivery {
  readonly id: string;
  readonly companion: number;
  /** The companion's address. */
  readonly from: string;
  readonly chat: string;
  /** The receiver's own address in that chat. */
  readonly self: string;
  /** JID of the group if the message is for a group. */
  readonly group: string | undefined;
  readonly ciphers: readonly { readonly type: string; readonly body: Buffer }[];
  readonly hasDeviceIdentity: boolean;
}

/** A message that a phone has sent. The phone keeps it for companions that ask for it again. */
export interface SentMessage {
  readonly id: string;
  readonly message: proto.IMessage;
  readonly group: GroupAddress | undefined;
  readonly addressing: Addressing;
  /** Seconds. */
  readonly timestamp: number;
  /** The chat, on messages that the owner's phone copies to companions. */
  readonly recipient: string | undefined;
  /** The first copy is damaged on its way. */
  readonly isCorrupt?: boolean;
  /** The sender never sends it again. */
  readonly isSentOnce?: boolean;
  /** Companions get `<unavailable>`; only the owner's phone has the message. */
  readonly isOnPhoneOnly?: boolean;
}
