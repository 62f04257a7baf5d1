import type { Addressing, GroupAddress } from './contact-address.ts';

export interface SendOptions {
  /** A group that both are in. Default: the chat with the bot's account. */
  to?: GroupAddress;
  /** The address that a direct message comes from. Default that of the person. */
  from?: Addressing;
  /** Default a new id. A receiver must drop a second message with the same id. */
  id?: string;
  /** Seconds; default now. */
  timestamp?: number;
  /** The ciphertext is damaged on its way. If the bot asks for it again, it gets it whole. */
  isCorrupt?: boolean;
  /** The sender never sends it again; the owner's phone has it. */
  isSentOnce?: boolean;
  /** The bot gets `<unavailable>`, as for messages from an ad: it has to ask the owner's phone. */
  isOnPhoneOnly?: boolean;
}

/** How somebody is named when they act on an earlier message. */
export interface NameOptions {
  /** The addresses of both people under the seal. Default the addressing of the chat. */
  namedBy?: Addressing;
  /** The address that the stanza comes from. Default the addressing of the chat. */
  from?: Addressing;
}

export interface EditOptions extends NameOptions {
  /** Whether the edit is sealed, as phones do since May 2026. Default true. */
  isSealed?: boolean;
}

/** A receipt for one of a person's messages. */
export interface SeenReceipt {
  readonly id: string;
  /** `delivery` if the stanza has no type. */
  readonly type: string;
  readonly atMs: number;
}
