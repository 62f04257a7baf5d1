import type { proto } from '@whiskeysockets/baileys';
import type { MediaType } from '../media/media-cipher.ts';
import { fileIn, type MediaFile, mediaMessage } from '../media/media-message.ts';
import type { Delivery, SentMessage } from '../server/delivery.ts';
import { type Addressing, type Contact, type GroupAddress, jidOf } from './contact-address.ts';
import { Handset } from './handset.ts';
import { newMessageId } from './message-bytes.ts';
import type { Network } from './phone-network.ts';
import type { ReceivedMessage } from './received-messages.ts';

export interface SendOptions {
  /** A group that both are in. Default: the chat with the bot's account. */
  to?: GroupAddress;
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

/** A receipt for one of a person's messages. */
export interface SeenReceipt {
  readonly id: string;
  /** `delivery` if the stanza has no type. */
  readonly type: string;
  readonly atMs: number;
}

/**
 * Whether WhatsApp knows a number: `present`, `absent` (a look-up says `out`), or `without-devices` (a look-up says
 * `in`, and the list of devices is empty).
 */
export type AccountState = 'present' | 'absent' | 'without-devices';

/** Somebody with a phone who chats with the bot. */
export class Person extends Handset {
  /** Receipts the bot sent for this person's messages. */
  readonly receipts: SeenReceipt[] = [];
  /** What the bot showed while it was writing: `composing`, `paused`, … */
  readonly chatStates: { readonly state: string; readonly atMs: number }[] = [];
  protected readonly sendsDeliveryReceipts = true;
  /** Other numbers by which a contact look-up finds this person, such as one with Brazil's ninth digit. */
  readonly aliases: readonly string[];
  /** May be changed at any time. */
  state: AccountState;
  readonly #addressing: Addressing | 'mixed';
  #messages = 0;

  constructor(
    network: Network,
    contact: Contact,
    name: string,
    options: { addressing?: Addressing | 'mixed'; aliases?: readonly string[]; state?: AccountState },
  ) {
    super(network, contact, name);
    this.#addressing = options.addressing ?? 'pn';
    this.aliases = options.aliases ?? [];
    this.state = options.state ?? 'present';
  }

  /** The address that this person's direct messages come from; the phone number if both occur. */
  get jid(): string {
    return jidOf(this, this.#addressing === 'lid' ? 'lid' : 'pn');
  }

  send(text: string, to?: GroupAddress): Promise<{ id: string }> {
    return this.sendMessage({ conversation: text }, to ? { to } : {});
  }

  /** Resolves when the server has the message, even if the bot is offline. */
  async sendMessage(message: proto.IMessage, options: SendOptions = {}): Promise<{ id: string }> {
    const id = options.id ?? newMessageId();
    const timestamp = options.timestamp ?? this.network.nowSeconds();
    const addressing = options.to?.addressing ?? this.#nextAddressing();
    const { to: group, isCorrupt = false, isSentOnce = false, isOnPhoneOnly = false } = options;
    const self = jidOf(this, addressing);
    const place = group ? { remoteJid: group.jid, participant: self } : { remoteJid: self };
    this.network.archiveMessage({
      key: { ...place, fromMe: false, id },
      message,
      messageTimestamp: timestamp,
      pushName: this.name,
    });
    const sent = { id, message, group, addressing, timestamp, recipient: undefined };
    await this.transmit({ ...sent, isCorrupt, isSentOnce, isOnPhoneOnly });
    return { id };
  }

  /** Uploads a file and sends it. */
  sendMedia(file: MediaFile, options: SendOptions = {}): Promise<{ id: string }> {
    return this.sendMessage(mediaMessage(file, this.network.media), options);
  }

  /** Downloads the file of a message that the bot sent. */
  download({ message }: ReceivedMessage): { type: MediaType; mimetype: string; data: Buffer } {
    return fileIn(message, this.network.media);
  }

  contentOf(sent: SentMessage): proto.IMessage {
    return sent.message;
  }

  senderAttributesOf({ group, addressing }: SentMessage): Record<string, string | undefined> {
    const self = jidOf(this, addressing);
    const isHidden = addressing === 'pn' && this.network.hidesLids();
    const other = isHidden ? undefined : jidOf(this, addressing === 'lid' ? 'pn' : 'lid');
    if (!group) return { from: self, [addressing === 'lid' ? 'sender_pn' : 'sender_lid']: other };
    const otherName = addressing === 'lid' ? 'participant_pn' : 'participant_lid';
    return { from: group.jid, participant: self, [otherName]: other, addressing_mode: addressing };
  }

  protected receiptAttributesOf(delivery: Delivery): Record<string, string | undefined> {
    return delivery.group ? { from: delivery.group, participant: delivery.self } : { from: delivery.self };
  }

  protected arrived(): void {}

  #nextAddressing(): Addressing {
    if (this.#addressing !== 'mixed') return this.#addressing;
    return this.#messages++ % 2 === 0 ? 'pn' : 'lid';
  }
}
