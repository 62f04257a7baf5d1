import type { EventEmitter } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import { PhoneCrypto } from '../crypto/phone-crypto.ts';
import { bundleNodes, type KeyBundle, type PhoneKeys } from '../crypto/phone-keys.ts';
import type { Delivery, SentMessage } from '../server/delivery.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { type Stanza, stanza, uintBytes } from '../wire/stanza.ts';
import { type Contact, jidOf } from './contact-address.ts';
import { isForPeople, newMessageId } from './message-bytes.ts';
import type { Network } from './phone-network.ts';
import { type Author, Outbox } from './phone-outbox.ts';
import {
  Inbox,
  type InboxEvents,
  type ReceivedMessage,
  type UnreadableMessage,
} from './received-messages.ts';

/** How often a phone asks for a message that it cannot read. */
const MAX_RETRIES = 5;

/** A phone: it reads what the bot sends, sends receipts and messages, and sends messages again on request. */
export abstract class Handset implements Contact, Author {
  readonly number: string;
  readonly lid: string;
  readonly name: string;
  /** Whether this phone asks for messages again that it cannot read. */
  asksForResends = true;
  protected readonly network: Network;
  protected abstract readonly sendsDeliveryReceipts: boolean;
  readonly #inbox: Inbox;
  readonly #crypto: PhoneCrypto;
  readonly #outbox: Outbox;
  #failingReads = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(network: Network, contact: Contact, name: string) {
    this.network = network;
    this.number = contact.number;
    this.lid = contact.lid;
    this.name = name;
    this.#inbox = new Inbox(name);
    this.#crypto = new PhoneCrypto(network, contact.number);
    this.#outbox = new Outbox(network, this.#crypto, this);
  }

  get keys(): PhoneKeys {
    return this.#crypto.keys;
  }

  /** Emits each message that arrives and each that cannot be read. */
  get events(): EventEmitter<InboxEvents> {
    return this.#inbox.events;
  }

  /** The messages that could be read, in order of arrival, each id once. */
  get inbox(): readonly ReceivedMessage[] {
    return this.#inbox.messages;
  }

  /** The messages that could not be read at the first attempt. */
  get unreadable(): readonly UnreadableMessage[] {
    return this.#inbox.unreadable;
  }

  /** Messages that were dropped because their id had been read before. */
  get duplicates(): number {
    return this.#inbox.duplicates;
  }

  abstract senderAttributesOf(sent: SentMessage): Record<string, string | undefined>;
  abstract contentOf(sent: SentMessage): proto.IMessage;
  /** The attributes of a receipt that name its sender. */
  protected abstract receiptAttributesOf(delivery: Delivery): Record<string, string | undefined>;
  /** Called once for each message that could be read. */
  protected abstract arrived(message: proto.IMessage, delivery: Delivery): void;

  /** Resolves with the first message, received already or later, that `match` accepts. Rejects after the deadline. */
  waitForMessage(
    match: (message: ReceivedMessage) => boolean,
    deadlineMs = 10_000,
  ): Promise<ReceivedMessage> {
    return this.#inbox.waitFor(match, deadlineMs);
  }

  /** Reads a message from the bot, or asks for it again if it cannot be read. */
  deliver(delivery: Delivery): Promise<void> {
    return this.#inOrder(() => this.#receive(delivery));
  }

  /** Sends a message again to a companion that could not read it, in a new Signal session. */
  resend(id: string, companion: number, count: number, bundle: KeyBundle | undefined): Promise<void> {
    return this.#inOrder(() => this.#outbox.resend(id, companion, count, bundle));
  }

  /** The next `times` messages cannot be read. */
  failReads(times: number): void {
    this.#failingReads = times;
  }

  /** Deletes all ratchets and sender keys, as on a phone that was restored from an old backup. */
  loseSessions(): Promise<void> {
    return this.#inOrder(async () => this.#crypto.loseSessions());
  }

  /** A new phone with the old number: a new identity key and no Signal sessions. Companions get a notification. */
  reinstall(): Promise<void> {
    return this.#inOrder(async () => {
      this.#crypto.renewIdentity();
      const attrs = { from: jidOf(this, 'lid'), type: 'encrypt' };
      this.postToAll('notification', attrs, [stanza('identity')]);
    });
  }

  /** Takes over copies of the keys and Signal sessions of another phone with the same number. */
  protected adoptKeys(other: Handset): void {
    this.#crypto.adopt(other.#crypto);
  }

  /** Posts a stanza with the present time to each companion, each time with a new id. */
  protected postToAll(tag: string, attrs: Record<string, string>, content: Stanza[]): void {
    const t = String(nowSeconds());
    for (const companion of this.network.companionIds()) {
      this.network.post(companion, stanza(tag, { ...attrs, id: newMessageId(), t }, content));
    }
  }

  protected transmit(sent: SentMessage): Promise<void> {
    return this.#inOrder(() => this.#outbox.send(sent));
  }

  /** A message that this phone has sent. */
  protected sentMessage(id: string): SentMessage | undefined {
    return this.#outbox.sentMessage(id);
  }

  async #receive(delivery: Delivery): Promise<void> {
    // A message with a known id is decrypted as well, because it may open a new Signal session.
    const isKnown = this.#inbox.has(delivery.id);
    const message = await this.#read(delivery).catch((error: Error) => error);
    if (message instanceof Error && !isKnown) {
      this.#requestResend(delivery, message.message);
      return;
    }
    if (this.sendsDeliveryReceipts) this.#sendReceipt(delivery, {});
    if (message instanceof Error || isKnown) this.#inbox.duplicates++;
    else if (isForPeople(message)) this.#accept(delivery, message);
  }

  #read(delivery: Delivery): Promise<proto.Message> {
    if (this.#failingReads === 0) return this.#crypto.read(delivery);
    this.#failingReads--;
    return Promise.reject(new Error('the test makes this phone fail'));
  }

  #accept(delivery: Delivery, received: proto.IMessage): void {
    const message = received.deviceSentMessage?.message ?? received;
    this.#inbox.add(delivery, message);
    this.arrived(message, delivery);
  }

  #requestResend(delivery: Delivery, error: string): void {
    const count = this.#inbox.fail(delivery, error);
    if (count > MAX_RETRIES || !this.asksForResends) return;
    const t = String(nowSeconds());
    const retry = stanza('retry', { v: '1', count: String(count), id: delivery.id, t });
    const content = [retry, stanza('registration', {}, uintBytes(this.keys.registrationId, 4))];
    if (count > 1) content.push(stanza('keys', {}, bundleNodes(this.keys.bundle())));
    this.#sendReceipt(delivery, { type: 'retry' }, content);
  }

  #sendReceipt(delivery: Delivery, attributes: Record<string, string>, content?: Stanza[]): void {
    const common = { id: delivery.id, t: String(nowSeconds()) };
    const attrs = { ...this.receiptAttributesOf(delivery), ...common, ...attributes };
    this.network.post(delivery.companion, stanza('receipt', attrs, content));
  }

  /** Runs one operation on the ratchets at a time. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
