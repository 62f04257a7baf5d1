import type { proto } from '@whiskeysockets/baileys';
import type { PhoneCrypto } from '../crypto/phone-crypto.ts';
import type { KeyBundle } from '../crypto/phone-keys.ts';
import type { SentMessage } from '../server/delivery.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import { editTypeOf, mediaTypeOf, stanzaTypeOf } from './message-bytes.ts';
import type { Network } from './phone-network.ts';

/** The sender of a phone's messages. */
export interface Author {
  readonly name: string;
  /** The attributes of a message stanza that name its sender. */
  senderAttributesOf(sent: SentMessage): Record<string, string | undefined>;
  /** The message as companions get it. */
  contentOf(sent: SentMessage): proto.IMessage;
}

/** Sends a phone's messages once to every companion, and again to a companion that asks. */
export class Outbox {
  readonly #network: Network;
  readonly #crypto: PhoneCrypto;
  readonly #author: Author;
  readonly #sent = new Map<string, SentMessage>();

  constructor(network: Network, crypto: PhoneCrypto, author: Author) {
    this.#network = network;
    this.#crypto = crypto;
    this.#author = author;
  }

  /** A message that was sent and can be sent again. */
  sentMessage(id: string): SentMessage | undefined {
    return this.#sent.get(id);
  }

  async send(sent: SentMessage): Promise<void> {
    if (!sent.isSentOnce) this.#sent.set(sent.id, sent);
    if (sent.isOnPhoneOnly) this.#announce(sent);
    else if (sent.group && hasSenderKeys(sent.group.jid)) await this.#sendToGroup(sent, sent.group.jid);
    else await this.#sendDirectly(sent);
  }

  /** Sends a message again to a companion that could not read it. */
  async resend(id: string, companion: number, count: number, bundle: KeyBundle | undefined): Promise<void> {
    const sent = this.#sent.get(id);
    if (!sent) return;
    const content = this.#author.contentOf(sent);
    const key =
      sent.group && hasSenderKeys(sent.group.jid) ? await this.#crypto.distribution(sent.group.jid) : {};
    const cipher = await this.#crypto.encryptAnew(companion, { ...content, ...key }, bundle);
    if (cipher) this.#post(companion, sent, [encNode(cipher, sent.message, count)]);
  }

  #announce(sent: SentMessage): void {
    for (const companion of this.#network.companionIds())
      this.#post(companion, sent, [stanza('unavailable')]);
  }

  async #sendDirectly(sent: SentMessage): Promise<void> {
    for (const companion of this.#network.companionIds()) {
      const cipher = await this.#crypto.encrypt(companion, this.#author.contentOf(sent));
      if (!cipher) continue;
      if (sent.isCorrupt) damage(cipher.body);
      this.#post(companion, sent, [encNode(cipher, sent.message)]);
    }
  }

  async #sendToGroup(sent: SentMessage, group: string): Promise<void> {
    const { body, keys } = await this.#crypto.encryptForGroup(group, this.#author.contentOf(sent));
    if (sent.isCorrupt) damage(body);
    for (const companion of this.#network.companionIds()) {
      const key = keys.get(companion);
      const nodes = [encNode({ type: 'skmsg', body }, sent.message)];
      if (key) nodes.unshift(encNode(key, {}));
      this.#post(companion, sent, nodes);
    }
  }

  #post(companion: number, sent: SentMessage, content: Stanza[]): void {
    const { id, timestamp, message } = sent;
    const { name } = this.#author;
    const edit = editTypeOf(message);
    const common = { id, type: stanzaTypeOf(message), t: String(timestamp), notify: name, edit };
    this.#network.post(
      companion,
      stanza('message', { ...this.#author.senderAttributesOf(sent), ...common }, content),
    );
  }
}

/** Broadcast lists are sent to each receiver; groups and statuses use sender keys. */
function hasSenderKeys(jid: string): boolean {
  return jid.endsWith('@g.us') || jid === 'status@broadcast';
}

/** Changes a byte of the MAC or of what the MAC covers. The last bytes are ids, so it is a byte before them. */
function damage(body: Buffer): void {
  const index = body.length - 9;
  body.writeUInt8(body.readUInt8(index) ^ 1, index);
}

function encNode(cipher: { type: string; body: Buffer }, message: proto.IMessage, count?: number): Stanza {
  const attrs = { v: '2', type: cipher.type, mediatype: mediaTypeOf(message), count: count?.toString() };
  return stanza('enc', attrs, cipher.body);
}
