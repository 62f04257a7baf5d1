import type { EventEmitter } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import { PhoneCrypto } from '../crypto/phone-crypto.ts';
import { bundleNodes, type KeyBundle, type PhoneKeys } from '../crypto/phone-keys.ts';
import type { Parcel, SentMessage } from '../server/parcel.ts';
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

/** As many times as phones ask for a message they cannot read. */
const MAX_RETRIES = 5;

/** A phone: it reads what the bot sends, answers with receipts, sends, and sends again what is asked for. */
export abstract class Handset implements Contact, Author {
  readonly number: string;
  readonly lid: string;
  readonly name: string;
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

  /** What arrives, and what fails, as it happens. */
  get events(): EventEmitter<InboxEvents> {
    return this.#inbox.events;
  }

  /** What could be read, in order of arrival, each id once. */
  get inbox(): readonly ReceivedMessage[] {
    return this.#inbox.messages;
  }

  /** What could not be read at the first try. */
  get unreadable(): readonly UnreadableMessage[] {
    return this.#inbox.unreadable;
  }

  /** Messages that were dropped because their id had been read before. */
  get duplicates(): number {
    return this.#inbox.duplicates;
  }

  abstract envelopeOf(sent: SentMessage): Record<string, string | undefined>;
  abstract contentOf(sent: SentMessage): proto.IMessage;
  /** Attributes that say whose receipt this is. */
  protected abstract receiptEnvelopeOf(parcel: Parcel): Record<string, string | undefined>;
  /** Called once for each message that was read. */
  protected abstract arrived(message: proto.IMessage, parcel: Parcel): void;

  /** The first message in the inbox, past or to come, that `match` accepts. Rejects after the deadline. */
  waitForMessage(
    match: (message: ReceivedMessage) => boolean,
    deadlineMs = 10_000,
  ): Promise<ReceivedMessage> {
    return this.#inbox.waitFor(match, deadlineMs);
  }

  /** Takes a message from the bot: reads it, or asks for it again. */
  deliver(parcel: Parcel): Promise<void> {
    return this.#inOrder(() => this.#receive(parcel));
  }

  /** Sends a message again to a companion that could not read it, in a new session. */
  resend(id: string, companion: number, count: number, bundle: KeyBundle | undefined): Promise<void> {
    return this.#inOrder(() => this.#outbox.resend(id, companion, count, bundle));
  }

  /** The next so many messages cannot be read, whatever is in them. */
  failReads(times: number): void {
    this.#failingReads = times;
  }

  /** All ratchets and sender keys are lost, as on a phone that came back from an old backup. */
  loseSessions(): Promise<void> {
    return this.#inOrder(async () => this.#crypto.loseSessions());
  }

  /** A new phone with the old number: another identity, no sessions. Companions are told. */
  reinstall(): Promise<void> {
    return this.#inOrder(async () => {
      this.#crypto.renewIdentity();
      const attrs = { from: jidOf(this, 'lid'), type: 'encrypt', t: String(this.network.nowSeconds()) };
      for (const companion of this.network.companionIds()) {
        const notice = stanza('notification', { ...attrs, id: newMessageId() }, [stanza('identity')]);
        this.network.post(companion, notice);
      }
    });
  }

  protected transmit(sent: SentMessage): Promise<void> {
    return this.#inOrder(() => this.#outbox.send(sent));
  }

  async #receive(parcel: Parcel): Promise<void> {
    // Known ids are read all the same: they may bring a new session.
    const isKnown = this.#inbox.has(parcel.id);
    const message = await this.#read(parcel).catch((error: Error) => error);
    if (message instanceof Error && !isKnown) {
      this.#askAgain(parcel, message.message);
      return;
    }
    if (this.sendsDeliveryReceipts) this.#sendReceipt(parcel, {});
    if (message instanceof Error || isKnown) this.#inbox.duplicates++;
    else if (isForPeople(message)) this.#accept(parcel, message);
  }

  #read(parcel: Parcel): Promise<proto.Message> {
    if (this.#failingReads === 0) return this.#crypto.read(parcel);
    this.#failingReads--;
    return Promise.reject(new Error('this phone was told to fail'));
  }

  #accept(parcel: Parcel, received: proto.IMessage): void {
    const message = received.deviceSentMessage?.message ?? received;
    this.#inbox.add(parcel, message);
    this.arrived(message, parcel);
  }

  #askAgain(parcel: Parcel, error: string): void {
    const count = this.#inbox.fail(parcel, error);
    if (count > MAX_RETRIES) return;
    const t = String(this.network.nowSeconds());
    const retry = stanza('retry', { v: '1', count: String(count), id: parcel.id, t });
    const content = [retry, stanza('registration', {}, uintBytes(this.keys.registrationId, 4))];
    if (count > 1) content.push(stanza('keys', {}, bundleNodes(this.keys.bundle())));
    this.#sendReceipt(parcel, { type: 'retry' }, content);
  }

  #sendReceipt(parcel: Parcel, attributes: Record<string, string>, content?: Stanza[]): void {
    const common = { id: parcel.id, t: String(this.network.nowSeconds()) };
    const attrs = { ...this.receiptEnvelopeOf(parcel), ...common, ...attributes };
    this.network.post(parcel.companion, stanza('receipt', attrs, content));
  }

  /** Ratchets go forward one step at a time. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
