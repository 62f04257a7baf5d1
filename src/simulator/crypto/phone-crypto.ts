import { proto } from '@whiskeysockets/baileys';
import { decodeMessage, encodeMessage } from '../phones/message-bytes.ts';
import type { Network } from '../phones/phone-network.ts';
import type { Delivery } from '../server/delivery.ts';
import { GroupKeys } from './phone-group-keys.ts';
import { type KeyBundle, PhoneKeys } from './phone-keys.ts';
import { type Ciphertext, PhoneSessions } from './phone-sessions.ts';

/** Encrypts and decrypts for a phone, for single companions and for groups. */
export class PhoneCrypto {
  readonly #network: Network;
  readonly #owner: string;
  #keys = new PhoneKeys();
  #sessions: PhoneSessions;
  #groupKeys = new GroupKeys();
  /** `group:companion` for each companion that has this phone's sender key. */
  readonly #keyHolders = new Set<string>();

  constructor(network: Network, owner: string) {
    this.#network = network;
    this.#owner = owner;
    this.#sessions = new PhoneSessions(this.#keys, owner);
  }

  get keys(): PhoneKeys {
    return this.#keys;
  }

  /** Takes over copies of the keys and Signal sessions of another phone with the same owner. */
  adopt(other: PhoneCrypto): void {
    this.#keys = new PhoneKeys(other.#keys);
    this.loseSessions();
    this.#sessions.adopt(other.#sessions);
    this.#groupKeys.adopt(other.#groupKeys);
    for (const holder of other.#keyHolders) this.#keyHolders.add(holder);
  }

  loseSessions(): void {
    this.#sessions = new PhoneSessions(this.#keys, this.#owner);
    this.#groupKeys = new GroupKeys();
    this.#keyHolders.clear();
  }

  renewIdentity(): void {
    this.#keys = new PhoneKeys();
    this.loseSessions();
  }

  /** Opens a Signal session if there is none. Undefined if the companion is not linked any more. */
  async encrypt(companion: number, message: proto.IMessage): Promise<Ciphertext | undefined> {
    if (!this.#sessions.has(companion)) return this.encryptAnew(companion, message, undefined);
    return this.#sessions.encrypt(companion, encodeMessage(message));
  }

  /** Encrypts in a new Signal session, made from the keys of a retry receipt or from those on the server. */
  async encryptAnew(
    companion: number,
    message: proto.IMessage,
    bundle: KeyBundle | undefined,
  ): Promise<Ciphertext | undefined> {
    const keys = bundle ?? this.#network.takeBundle(companion);
    if (!keys) return undefined;
    await this.#sessions.start(companion, keys);
    return this.#sessions.encrypt(companion, encodeMessage(message));
  }

  /** The group ciphertext, and the sender key for each companion that does not have it yet. */
  async encryptForGroup(
    group: string,
    message: proto.IMessage,
  ): Promise<{ body: Buffer; keys: Map<number, Ciphertext> }> {
    // The distribution must hold the chain as it was before this message.
    const distribution = await this.distribution(group);
    const body = await this.#groupKeys.encrypt(group, encodeMessage(message));
    const keys = new Map<number, Ciphertext>();
    for (const companion of this.#network.companionIds()) {
      const holder = `${group}:${companion}`;
      if (this.#keyHolders.has(holder)) continue;
      const cipher = await this.encrypt(companion, distribution);
      if (!cipher) continue;
      keys.set(companion, cipher);
      this.#keyHolders.add(holder);
    }
    return { body, keys };
  }

  async distribution(group: string): Promise<proto.IMessage> {
    const axolotlSenderKeyDistributionMessage = await this.#groupKeys.distribution(group);
    return { senderKeyDistributionMessage: { groupId: group, axolotlSenderKeyDistributionMessage } };
  }

  /** Throws if any part of the message cannot be decrypted. */
  async read(delivery: Delivery): Promise<proto.Message> {
    if (delivery.ciphers.length === 0) throw new Error('nothing to decrypt');
    const message = proto.Message.create();
    for (const { type, body } of delivery.ciphers) {
      const part = decodeMessage(await this.#decrypt(delivery, type, body));
      const { groupId, axolotlSenderKeyDistributionMessage: key } = part.senderKeyDistributionMessage ?? {};
      if (groupId && key) await this.#groupKeys.accept(groupId, delivery.companion, key);
      Object.assign(message, part);
    }
    return message;
  }

  #decrypt(delivery: Delivery, type: string, body: Buffer): Promise<Buffer> {
    switch (type) {
      case 'pkmsg':
        if (!delivery.hasDeviceIdentity)
          throw new Error('a companion must prove its identity in a new Signal session');
        return this.#sessions.decrypt(delivery.companion, type, body);
      case 'msg':
        return this.#sessions.decrypt(delivery.companion, type, body);
      case 'skmsg':
        return this.#groupKeys.decrypt(delivery.group ?? '', delivery.companion, body);
      default:
        throw new Error(`unknown cipher type ${type}`);
    }
  }
}
