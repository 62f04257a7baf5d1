import type { proto } from '@whiskeysockets/baileys';
import { withSecret } from '../crypto/message-secret.ts';
import { fileIn, type MediaFile, mediaMessage, type ReceivedFile } from '../media/media-message.ts';
import type { Delivery, SentMessage } from '../server/delivery.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import { type ActionTarget, targetOf } from './action-target.ts';
import { deletion, plainEdit, pollVote, quoteOf, reaction, sealedEdit } from './build-message-actions.ts';
import { type Addressing, type Contact, type GroupAddress, jidOf } from './contact-address.ts';
import { Handset } from './handset.ts';
import { newMessageId } from './message-bytes.ts';
import type { Network } from './phone-network.ts';
import type { ReceivedMessage } from './received-messages.ts';
import type { EditOptions, NameOptions, SeenReceipt, SendOptions } from './send-options.ts';

/**
 * Whether WhatsApp knows a number: `present`, `absent` (a look-up says `out`), `without-devices` (a look-up says `in`,
 * and the list of devices is empty), or `without-keys` (a query for the keys of the phone gets an error).
 */
export type AccountState = 'present' | 'absent' | 'without-devices' | 'without-keys';

export interface PersonOptions {
  name?: string;
  /** Digits. Default an unused number. */
  number?: string;
  lid?: string;
  /** The address that direct messages come from; `mixed` alternates. Default `pn`. */
  addressing?: Addressing | 'mixed';
  /** Other numbers by which a contact look-up finds this person. Default none. */
  aliases?: readonly string[];
  /** Whether WhatsApp knows the number. Default `present`. */
  state?: AccountState;
}

/** Somebody with a phone who chats with the bot. */
export class Person extends Handset {
  /** Receipts the bot sent for this person's messages. */
  readonly receipts: SeenReceipt[] = [];
  /** What the bot showed while it was writing: `composing`, `paused`, … */
  readonly chatStates: { readonly state: string; readonly atMs: number }[] = [];
  /** The ids of calls that the bot rejected. */
  readonly rejectedCalls: string[] = [];
  protected readonly sendsDeliveryReceipts = true;
  /** Other numbers by which a contact look-up finds this person, such as one with Brazil's ninth digit. */
  readonly aliases: readonly string[];
  /** May be changed at any time. */
  state: AccountState;
  readonly #addressing: Addressing | 'mixed';
  #messages = 0;

  constructor(network: Network, contact: Contact, name: string, options: PersonOptions) {
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
  async sendMessage(content: proto.IMessage, options: SendOptions = {}): Promise<{ id: string }> {
    const message = withSecret(content);
    const id = options.id ?? newMessageId();
    const timestamp = options.timestamp ?? nowSeconds();
    const addressing = options.to?.addressing ?? options.from ?? this.#nextAddressing();
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
  download({ message }: ReceivedMessage): ReceivedFile {
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

  /** Changes a message of this person. */
  edit(id: string, text: string, options: EditOptions = {}): Promise<{ id: string }> {
    const target = this.#targetOf(id, options.namedBy);
    const edited = { conversation: text };
    const isSealed = options.isSealed ?? true;
    return this.#act(target, isSealed ? sealedEdit(target, edited) : plainEdit(target, edited), options);
  }

  /** Deletes a message of this person for everybody. */
  delete(id: string): Promise<{ id: string }> {
    const target = this.#targetOf(id);
    return this.#act(target, deletion(target));
  }

  /** Reacts to a message of the bot or of this person. An empty emoji takes the reaction back. */
  react(id: string, emoji: string): Promise<{ id: string }> {
    const target = this.#targetOf(id);
    return this.#act(target, reaction(target, emoji));
  }

  /** Votes in a poll that the bot or this person has sent, for options by their text. */
  vote(pollId: string, options: readonly string[], names: NameOptions = {}): Promise<{ id: string }> {
    const target = this.#targetOf(pollId, names.namedBy);
    return this.#act(target, pollVote(target, options), names);
  }

  /** Replies to a message that the bot or this person has sent. */
  reply(id: string, text: string): Promise<{ id: string }> {
    const target = this.#targetOf(id);
    return this.#act(target, { extendedTextMessage: { text, contextInfo: quoteOf(target) } });
  }

  /** Posts a status, which reaches the account as `status@broadcast`. */
  postStatus(text: string): Promise<{ id: string }> {
    const to = { jid: 'status@broadcast', addressing: this.#nextAddressing() };
    return this.sendMessage({ extendedTextMessage: { text } }, { to });
  }

  /** Sends to a broadcast list that the account is on. `list` is the list's number. */
  broadcast(text: string, list = '1600000000'): Promise<{ id: string }> {
    return this.sendMessage({ conversation: text }, { to: { jid: `${list}@broadcast`, addressing: 'pn' } });
  }

  /** Issues this person's privacy token to the account, as phones do when they write to it. */
  issueToken(): void {
    const t = String(nowSeconds());
    for (const companion of this.network.companionIds()) {
      const token = stanza('token', {
        jid: jidOf(this.network.owner, 'pn', companion),
        t,
        type: 'trusted_contact',
      });
      const content = [stanza('tokens', {}, [{ ...token, content: this.network.newToken(this) }])];
      const attrs = {
        from: this.jid,
        sender_lid: jidOf(this, 'lid'),
        type: 'privacy_token',
        id: newMessageId(),
        t,
      };
      this.network.post(companion, stanza('notification', attrs, content));
    }
  }

  /** Calls the account. `end` hangs up. */
  call({ isVideo = false } = {}): { readonly id: string; readonly end: () => void } {
    const id = newMessageId();
    const from = jidOf(this, this.#nextAddressing());
    const common = { 'call-id': id, 'call-creator': from };
    this.#postCall(
      from,
      stanza('offer', { ...common, caller_pn: jidOf(this, 'pn') }, isVideo ? [stanza('video')] : []),
    );
    return { id, end: () => this.#postCall(from, stanza('terminate', { ...common, reason: 'timeout' })) };
  }

  #postCall(from: string, child: Stanza): void {
    this.postToAll('call', { from, notify: this.name }, [child]);
  }

  protected receiptAttributesOf(delivery: Delivery): Record<string, string | undefined> {
    return delivery.group ? { from: delivery.group, participant: delivery.self } : { from: delivery.self };
  }

  protected arrived(): void {}

  #act(target: ActionTarget, message: proto.IMessage, options: NameOptions = {}): Promise<{ id: string }> {
    const from = options.from ?? target.addressing;
    return this.sendMessage(message, { ...(target.group ? { to: target.group } : {}), from });
  }

  #targetOf(id: string, namedBy?: Addressing): ActionTarget {
    const sent = this.sentMessage(id);
    const received = this.inbox.find((message) => message.id === id);
    const ofOthers = this.network.archivedMessage(id);
    const target = targetOf({
      id,
      actor: this,
      owner: this.network.owner,
      sent,
      received,
      ofOthers,
      namedBy,
    });
    if (!target) throw new Error(`${this.name} cannot see message ${id}`);
    return target;
  }

  #nextAddressing(): Addressing {
    if (this.#addressing !== 'mixed') return this.#addressing;
    return this.#messages++ % 2 === 0 ? 'pn' : 'lid';
  }
}
