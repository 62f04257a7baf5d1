import type { proto } from '@whiskeysockets/baileys';
import type { Addressing } from '../phones/contact-address.ts';
import type { Group } from '../phones/group.ts';

/** A message from one of the owner's companions, as the server hands it to a phone. */
export interface Parcel {
  readonly id: string;
  readonly companion: number;
  /** The companion's address. */
  readonly from: string;
  readonly chat: string;
  /** The receiver's own address in that conversation. */
  readonly self: string;
  /** JID of the group, if it is for one. */
  readonly group: string | undefined;
  readonly ciphers: readonly { readonly type: string; readonly body: Buffer }[];
  readonly hasDeviceIdentity: boolean;
}

/** A message that a phone has sent, kept for those who ask for it again. */
export interface SentMessage {
  readonly id: string;
  readonly message: proto.IMessage;
  readonly group: Group | undefined;
  readonly addressing: Addressing;
  /** Seconds. */
  readonly timestamp: number;
  /** The conversation, on messages that the owner's phone copies to companions. */
  readonly recipient: string | undefined;
  /** Damaged on the way, the first time. */
  readonly isCorrupt?: boolean;
  /** Its sender cannot send it again. */
  readonly isSentOnce?: boolean;
  /** Companions are told that there is a message, and only the phone can read it. */
  readonly isOnPhoneOnly?: boolean;
}
