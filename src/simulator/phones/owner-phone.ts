import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { withSecret } from '../crypto/message-secret.ts';
import { readQr } from '../pairing/qr-camera.ts';
import type { Companion } from '../server/companion-device.ts';
import type { Delivery, SentMessage } from '../server/delivery.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { SERVER_JID, type Stanza, stanza } from '../wire/stanza.ts';
import { addressingOf, type Contact, jidOf } from './contact-address.ts';
import { Group } from './group.ts';
import { Handset } from './handset.ts';
import { type HistoryOptions, historyBomb, historyNotification } from './history.ts';
import { mediaRetryAnswer } from './media-retry.ts';
import { Archive } from './message-archive.ts';
import { newMessageId } from './message-bytes.ts';
import type { Network } from './phone-network.ts';

/** The actions of the phone's "Linked devices" screen. */
export interface LinkedDevices {
  scan(qr: string): Promise<Companion>;
  enterCode(code: string): Promise<Companion>;
  unlink(): void;
}

/** A person, a group, or a JID. */
type Chat = { readonly jid: string } | string;

const { Type } = proto.Message.ProtocolMessage;

/**
 * The owner's own phone: device 0 of the account that the bot is linked to.
 * It links the bot, sends it the account's keys and history, gets a copy of all that the bot sends, and sends too.
 */
export class OwnerPhone extends Handset {
  protected readonly sendsDeliveryReceipts = false;
  readonly #devices: LinkedDevices;
  readonly #archive = new Archive();
  readonly #unanswered: (() => Promise<void>)[] = [];
  #isOff = false;
  /** The history for a new companion. Default empty. */
  history: HistoryOptions = {};
  #appStateKey = { id: randomBytes(6), data: randomBytes(32) };

  constructor(network: Network, owner: Contact, name: string, devices: LinkedDevices) {
    super(network, owner, name);
    this.#devices = devices;
  }

  get jid(): string {
    return jidOf(this, 'pn');
  }

  /**
   * Scans a QR code, given as its text or as the path of a PNG file. Resolves when the client is linked; the client
   * then gets 515. Rejects if the code is not valid (any more) or the client disconnects.
   */
  async scan(qr: string): Promise<Companion> {
    const text = qr.endsWith('.png') ? await readQr(qr) : qr;
    if (text === undefined) throw new Error(`there is no QR code in ${qr}`);
    return this.#devices.scan(text);
  }

  /** Enters the pairing code that the client shows. Resolves like `scan`; rejects if the code is wrong. */
  enterCode(code: string): Promise<Companion> {
    return this.#devices.enterCode(code);
  }

  /** Removes the bot from the linked devices. An offline bot is refused at its next login. */
  unlink(): void {
    this.#devices.unlink();
  }

  /** The owner sends a message; the bot gets a copy. Default chat: the owner's own. */
  send(text: string, to?: Chat): Promise<{ id: string }> {
    return this.sendMessage({ conversation: text }, to);
  }

  /** As `send`, with any content. A JID as `to` reaches chats without a phone, such as Meta AI (`…@bot`). */
  async sendMessage(content: proto.IMessage, to?: Chat): Promise<{ id: string }> {
    const id = newMessageId();
    const message = withSecret(content);
    const group = to instanceof Group ? to : undefined;
    const direct = typeof to === 'string' ? to : (to?.jid ?? this.jid);
    const recipient = group ? undefined : direct;
    const addressing = group?.addressing ?? addressingOf(recipient);
    const timestamp = nowSeconds();
    await this.transmit({ id, message, group, addressing, timestamp, recipient });
    return { id };
  }

  /** Keeps a message that somebody sent to the account. */
  remember(message: proto.IWebMessageInfo): void {
    this.#archive.add(message);
  }

  /** A message that somebody sent to the account, by its id. */
  remembered(id: string): proto.IWebMessageInfo | undefined {
    return this.#archive.findById(id);
  }

  /** Becomes a copy of the phone of another simulator, which must have the same owner. */
  adopt(other: OwnerPhone): void {
    this.adoptKeys(other);
    this.#appStateKey = other.#appStateKey;
  }

  /** An off phone answers no companion; their requests wait until the phone is on again. */
  async turnOff(isOff: boolean): Promise<void> {
    this.#isOff = isOff;
    while (!this.#isOff && this.#unanswered.length > 0) await this.#unanswered.shift()?.();
  }

  /** Sends a new companion the app-state key and the history. */
  async sendInitialSync(): Promise<void> {
    await this.#shareAppStateKey();
    await this.sendHistory(this.history);
  }

  /** Sends history to the companions. */
  sendHistory(options: HistoryOptions = {}): Promise<void> {
    return this.#tellCompanions(historyNotification(options, this.network.media));
  }

  /** Sends a history that inflates to this many zeros. Default inline. */
  sendHistoryBomb(bytes: number, { isInline = true } = {}): Promise<void> {
    return this.#tellCompanions(historyBomb(bytes, isInline, this.network.media));
  }

  /** Tells the companions that a collection of the account's settings has changed (`server_sync`). */
  changeSettings(collection = 'regular_low'): void {
    const node = stanza('collection', { name: collection, version: '1' });
    this.postToAll('notification', { from: SERVER_JID, type: 'server_sync' }, [node]);
  }

  /** Uploads a file again for a companion that could not download it (`<receipt type="server-error">`). */
  answerMediaRetry(companion: number, receipt: Stanza): void {
    this.#answer(async () => {
      const answer = mediaRetryAnswer(receipt, this.#archive, this.network.media);
      const t = String(nowSeconds());
      const attrs = { from: this.jid, type: 'mediaretry', id: receipt.attrs.id, t };
      this.network.post(companion, stanza('notification', attrs, answer));
    });
  }

  contentOf({ message, recipient }: SentMessage): proto.IMessage {
    return recipient ? { deviceSentMessage: { destinationJid: recipient, message } } : message;
  }

  senderAttributesOf({ group, recipient, addressing }: SentMessage): Record<string, string | undefined> {
    const self = jidOf(this, addressing);
    if (group) return { from: group.jid, participant: self, addressing_mode: addressing };
    return recipient ? { from: self, recipient } : { from: self, category: 'peer' };
  }

  protected receiptAttributesOf(delivery: Delivery): Record<string, string | undefined> {
    return delivery.group
      ? { from: delivery.group, participant: delivery.self }
      : { from: delivery.self, recipient: delivery.chat };
  }

  protected arrived(message: proto.IMessage, { id }: Delivery): void {
    if (message.protocolMessage?.type === Type.APP_STATE_SYNC_KEY_REQUEST) {
      this.#answer(() => this.#shareAppStateKey());
    }
    const handedOn = this.#archive.answerTo(message, id);
    if (handedOn) this.#answer(() => this.#tellCompanions(handedOn));
  }

  #answer(answer: () => Promise<void>): void {
    if (this.#isOff) this.#unanswered.push(answer);
    else void answer();
  }

  #shareAppStateKey(): Promise<void> {
    const { id, data } = this.#appStateKey;
    const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
    const keyData = { keyData: data, fingerprint, timestamp: nowSeconds() };
    return this.#tellCompanions({
      type: Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId: { keyId: id }, keyData }] },
    });
  }

  #tellCompanions(protocolMessage: proto.Message.IProtocolMessage): Promise<void> {
    const timestamp = nowSeconds();
    const envelope = { group: undefined, addressing: 'pn', recipient: undefined } as const;
    return this.transmit({ id: newMessageId(), message: { protocolMessage }, timestamp, ...envelope });
  }
}
