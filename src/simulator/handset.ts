import { proto } from '@whiskeysockets/baileys';
import { type Addressing, type Contact, jidOf } from './address.ts';
import {
  decodeMessage,
  encodeMessage,
  isForPeople,
  mediaTypeOf,
  newMessageId,
  quotedIdIn,
  stanzaTypeOf,
  textIn,
} from './content.ts';
import type { Group } from './group.ts';
import { GroupKeys } from './group-keys.ts';
import type { Network } from './network.ts';
import { bundleNodes, type KeyBundle, PhoneKeys } from './phone-keys.ts';
import { type Ciphertext, PhoneSessions } from './phone-sessions.ts';
import { type Stanza, stanza, uintBytes } from './stanza.ts';

export interface ReceivedMessage {
  readonly id: string;
  readonly text: string | undefined;
  readonly quotedId: string | undefined;
  /** The conversation as this phone sees it: the bot's address, or a group. */
  readonly chat: string;
  /** The bot's device. */
  readonly from: string;
  readonly atMs: number;
  readonly message: proto.IMessage;
  /** 1 when it could be read at once, one more for each retry it took. */
  readonly attempt: number;
}

export interface UnreadableMessage {
  readonly id: string;
  readonly chat: string;
  /** Why the first try failed. */
  readonly error: string;
  attempts: number;
  /** A resent copy could be read. */
  isRecovered: boolean;
}

/** A message from one of the owner's companions, as the server hands it to a phone. */
export interface Parcel {
  readonly id: string;
  readonly companion: number;
  readonly from: string;
  readonly chat: string;
  /** The receiver's own address in that conversation. */
  readonly self: string;
  readonly group: string | undefined;
  readonly ciphers: readonly { readonly type: string; readonly body: Buffer }[];
  readonly hasDeviceIdentity: boolean;
}

/** A message this phone has sent, kept for those who ask for it again. */
export interface SentMessage {
  readonly id: string;
  readonly message: proto.IMessage;
  readonly group: Group | undefined;
  readonly addressing: Addressing;
  readonly timestamp: number;
  /** The conversation, on messages that the owner's phone copies to companions. */
  readonly recipient: string | undefined;
  /** Damaged on the way, the first time. */
  readonly isCorrupt?: boolean;
}

/** As many times as phones ask for a message they cannot read. */
const MAX_RETRIES = 5;

/** A phone's message side: it reads what the bot sends, answers with receipts, and resends what is asked for. */
export abstract class Handset implements Contact {
  readonly number: string;
  readonly lid: string;
  readonly name: string;
  /** What could be read, in order of arrival, each id once. */
  readonly inbox: ReceivedMessage[] = [];
  /** What could not be read at the first try. */
  readonly unreadable: UnreadableMessage[] = [];
  /** Messages that were dropped because their id had been read before. */
  duplicates = 0;
  protected readonly network: Network;
  #keys = new PhoneKeys();
  #sessions: PhoneSessions;
  #groupKeys = new GroupKeys();
  readonly #seen = new Set<string>();
  readonly #sent = new Map<string, SentMessage>();
  readonly #keyHolders = new Set<string>();
  readonly #watchers = new Set<() => void>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(network: Network, contact: Contact, name: string) {
    this.network = network;
    this.number = contact.number;
    this.lid = contact.lid;
    this.name = name;
    this.#sessions = new PhoneSessions(this.#keys, contact.number);
  }

  get keys(): PhoneKeys {
    return this.#keys;
  }

  /** Attributes that say whose message this is. */
  protected abstract envelopeOf(sent: SentMessage): Record<string, string | undefined>;
  /** Attributes that say whose receipt this is. */
  protected abstract receiptEnvelopeOf(parcel: Parcel): Record<string, string | undefined>;
  protected abstract contentOf(sent: SentMessage): proto.IMessage;
  /** Called once for each message that was read. */
  protected abstract arrived(message: proto.Message, parcel: Parcel): void;
  protected abstract readonly sendsDeliveryReceipts: boolean;

  /** The first message in the inbox, past or to come, that `match` accepts. */
  waitForMessage(
    match: (message: ReceivedMessage) => boolean,
    deadlineMs = 10_000,
  ): Promise<ReceivedMessage> {
    return new Promise((resolve, reject) => {
      let checked = 0;
      const check = () => {
        while (checked < this.inbox.length) {
          const message = this.inbox[checked++];
          if (message && match(message)) return settle(() => resolve(message));
        }
      };
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        done();
      };
      const timer = setTimeout(
        () => settle(() => reject(this.#noSuchMessage(match, deadlineMs))),
        deadlineMs,
      );
      this.#watchers.add(check);
      check();
    });
  }

  /** Takes a message from the bot: reads it, or asks for it again. */
  deliver(parcel: Parcel): Promise<void> {
    return this.#inOrder(() => this.#read(parcel));
  }

  /** Sends a message again to a companion that could not read it, in a new session. */
  resend(id: string, companion: number, count: number, bundle: KeyBundle | undefined): Promise<void> {
    return this.#inOrder(async () => {
      const sent = this.#sent.get(id);
      const keys = bundle ?? this.network.takeBundle(companion);
      if (!sent || !keys) return;
      await this.#sessions.start(companion, keys);
      const content = this.contentOf(sent);
      const message = sent.group ? { ...content, ...(await this.#distributionFor(sent.group)) } : content;
      const cipher = await this.#sessions.encrypt(companion, encodeMessage(message));
      this.network.post(companion, this.#messageStanza(sent, [encNode(cipher, sent.message, count)]));
    });
  }

  /** All ratchets and sender keys are lost, as on a phone that came back from an old backup. */
  loseSessions(): Promise<void> {
    return this.#inOrder(async () => {
      this.#sessions = new PhoneSessions(this.#keys, this.number);
      this.#groupKeys = new GroupKeys();
      this.#keyHolders.clear();
    });
  }

  /** A new phone with the old number: another identity, no sessions. Companions are told. */
  async reinstall(): Promise<void> {
    this.#keys = new PhoneKeys();
    await this.loseSessions();
    const t = String(this.network.nowSeconds());
    for (const companion of this.network.companionIds()) {
      const attrs = { from: jidOf(this, 'lid'), type: 'encrypt', id: newMessageId(), t };
      this.network.post(companion, stanza('notification', attrs, [stanza('identity')]));
    }
  }

  protected transmit(sent: SentMessage): Promise<void> {
    this.#sent.set(sent.id, sent);
    return this.#inOrder(async () => {
      const padded = encodeMessage(this.contentOf(sent));
      if (sent.group) return this.#transmitToGroup(sent, sent.group, padded);
      for (const companion of this.network.companionIds()) {
        const cipher = await this.#encrypt(companion, padded);
        if (cipher && sent.isCorrupt) damage(cipher.body);
        if (cipher) this.network.post(companion, this.#messageStanza(sent, [encNode(cipher, sent.message)]));
      }
    });
  }

  async #transmitToGroup(sent: SentMessage, group: Group, padded: Buffer): Promise<void> {
    // The distribution must tell the chain as it was before this message.
    const distribution = await this.#distributionFor(group);
    const body = await this.#groupKeys.encrypt(group.jid, padded);
    if (sent.isCorrupt) damage(body);
    for (const companion of this.network.companionIds()) {
      const nodes = [encNode({ type: 'skmsg', body }, sent.message)];
      const holder = `${group.jid}:${companion}`;
      if (!this.#keyHolders.has(holder)) {
        const cipher = await this.#encrypt(companion, encodeMessage(distribution));
        if (!cipher) continue;
        nodes.unshift(encNode(cipher, {}));
        this.#keyHolders.add(holder);
      }
      this.network.post(companion, this.#messageStanza(sent, nodes));
    }
  }

  async #distributionFor(group: Group): Promise<proto.IMessage> {
    const axolotlSenderKeyDistributionMessage = await this.#groupKeys.distribution(group.jid);
    return { senderKeyDistributionMessage: { groupId: group.jid, axolotlSenderKeyDistributionMessage } };
  }

  /** Undefined when the companion has been unlinked in the meantime. */
  async #encrypt(companion: number, padded: Buffer): Promise<Ciphertext | undefined> {
    if (!this.#sessions.has(companion)) {
      const bundle = this.network.takeBundle(companion);
      if (!bundle) return undefined;
      await this.#sessions.start(companion, bundle);
    }
    return this.#sessions.encrypt(companion, padded);
  }

  #messageStanza(sent: SentMessage, content: Stanza[]): Stanza {
    const type = stanzaTypeOf(sent.message);
    const attrs = {
      ...this.envelopeOf(sent),
      id: sent.id,
      type,
      t: String(sent.timestamp),
      notify: this.name,
    };
    return stanza('message', attrs, content);
  }

  async #read(parcel: Parcel): Promise<void> {
    let message: proto.Message;
    try {
      message = await this.#decrypt(parcel);
    } catch (error) {
      if (!this.#seen.has(parcel.id)) {
        this.#askAgain(parcel, error instanceof Error ? error.message : String(error));
        return;
      }
      this.duplicates++;
      if (this.sendsDeliveryReceipts) this.#sendReceipt(parcel, {});
      return;
    }
    const failure = this.unreadable.find(({ id }) => id === parcel.id);
    if (this.sendsDeliveryReceipts) this.#sendReceipt(parcel, {});
    if (!isForPeople(message)) return;
    if (this.#seen.has(parcel.id)) {
      this.duplicates++;
      return;
    }
    this.#seen.add(parcel.id);
    if (failure) failure.isRecovered = true;
    const content = message.deviceSentMessage?.message ?? message;
    this.inbox.push({
      id: parcel.id,
      text: textIn(content),
      quotedId: quotedIdIn(content),
      chat: parcel.chat,
      from: parcel.from,
      atMs: Date.now(),
      message: content,
      attempt: 1 + (failure?.attempts ?? 0),
    });
    this.arrived(message, parcel);
    for (const watcher of [...this.#watchers]) watcher();
  }

  async #decrypt(parcel: Parcel): Promise<proto.Message> {
    const message = proto.Message.create();
    if (parcel.ciphers.length === 0) throw new Error('nothing to decrypt');
    for (const { type, body } of parcel.ciphers) {
      const padded = await this.#plaintextOf(parcel, type, body);
      const part = decodeMessage(padded);
      const keys = part.senderKeyDistributionMessage;
      if (keys?.groupId && keys.axolotlSenderKeyDistributionMessage) {
        const distribution = keys.axolotlSenderKeyDistributionMessage;
        await this.#groupKeys.accept(keys.groupId, parcel.companion, distribution);
      }
      Object.assign(message, part);
    }
    return message;
  }

  #plaintextOf(parcel: Parcel, type: string, body: Buffer): Promise<Buffer> {
    switch (type) {
      case 'pkmsg':
        if (!parcel.hasDeviceIdentity)
          throw new Error('a companion must prove its identity in a new session');
        return this.#sessions.decrypt(parcel.companion, type, body);
      case 'msg':
        return this.#sessions.decrypt(parcel.companion, type, body);
      case 'skmsg':
        return this.#groupKeys.decrypt(parcel.group ?? '', parcel.companion, body);
      default:
        throw new Error(`unknown cipher ${type}`);
    }
  }

  #askAgain(parcel: Parcel, error: string): void {
    let failure = this.unreadable.find(({ id }) => id === parcel.id);
    if (!failure) {
      failure = { id: parcel.id, chat: parcel.chat, error, attempts: 0, isRecovered: false };
      this.unreadable.push(failure);
    }
    failure.attempts++;
    if (failure.attempts > MAX_RETRIES) return;
    const t = String(this.network.nowSeconds());
    const retry = stanza('retry', { v: '1', count: String(failure.attempts), id: parcel.id, t });
    const content = [retry, stanza('registration', {}, uintBytes(this.#keys.registrationId, 4))];
    if (failure.attempts > 1) content.push(stanza('keys', {}, bundleNodes(this.#keys.bundle())));
    this.#sendReceipt(parcel, { type: 'retry' }, content);
  }

  #sendReceipt(parcel: Parcel, attributes: Record<string, string>, content?: Stanza[]): void {
    const attrs = { ...this.receiptEnvelopeOf(parcel), id: parcel.id, t: String(this.network.nowSeconds()) };
    this.network.post(parcel.companion, stanza('receipt', { ...attrs, ...attributes }, content));
  }

  #noSuchMessage(match: object, deadlineMs: number): Error {
    const texts = this.inbox.slice(-5).map(({ text }) => JSON.stringify(text));
    const got = `${this.inbox.length} read (last: ${texts.join(', ')}), ${this.unreadable.length} unreadable`;
    return new Error(`${this.name} waited ${deadlineMs} ms for a message with ${match}: ${got}`);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** Changes a byte that the MAC covers, or the MAC itself: it is near the end, behind it come ids. */
function damage(body: Buffer): void {
  const index = body.length - 9;
  body.writeUInt8(body.readUInt8(index) ^ 1, index);
}

function encNode(cipher: { type: string; body: Buffer }, message: proto.IMessage, count?: number): Stanza {
  const attrs = { v: '2', type: cipher.type, mediatype: mediaTypeOf(message), count: count?.toString() };
  return stanza('enc', attrs, cipher.body);
}
