import { proto } from '@whiskeysockets/baileys';
import { decodeMessage, encodeMessage } from '../phones/message-bytes.ts';
import type { Network } from '../phones/phone-network.ts';
import type { Parcel } from '../server/parcel.ts';
import { GroupKeys } from './phone-group-keys.ts';
import { type KeyBundle, PhoneKeys } from './phone-keys.ts';
import { type Ciphertext, PhoneSessions } from './phone-sessions.ts';

/** All that a phone encrypts and decrypts: for single companions and for groups. */
export class PhoneCrypto {
  readonly #network: Network;
  readonly #owner: string;
  #keys = new PhoneKeys();
  #sessions: PhoneSessions;
  #groupKeys = new GroupKeys();
  /** Companions that can read this phone in a group. */
  readonly #keyHolders = new Set<string>();

  constructor(network: Network, owner: string) {
    this.#network = network;
    this.#owner = owner;
    this.#sessions = new PhoneSessions(this.#keys, owner);
  }

  get keys(): PhoneKeys {
    return this.#keys;
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

  /** Opens a session if there is none. Undefined when the companion has been unlinked. */
  async encrypt(companion: number, message: proto.IMessage): Promise<Ciphertext | undefined> {
    if (!this.#sessions.has(companion)) {
      const bundle = this.#network.takeBundle(companion);
      if (!bundle) return undefined;
      await this.#sessions.start(companion, bundle);
    }
    return this.#sessions.encrypt(companion, encodeMessage(message));
  }

  /** In a new session, made of the keys that came with a retry request or of those on the server. */
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

  /** The message for everybody, and the key to it for each companion that has not got it yet. */
  async encryptForGroup(
    group: string,
    message: proto.IMessage,
  ): Promise<{ body: Buffer; keys: Map<number, Ciphertext> }> {
    // The distribution must tell the chain as it was before this message.
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

  /** Throws when any part of the message cannot be read. */
  async read(parcel: Parcel): Promise<proto.Message> {
    if (parcel.ciphers.length === 0) throw new Error('nothing to decrypt');
    const message = proto.Message.create();
    for (const { type, body } of parcel.ciphers) {
      const part = decodeMessage(await this.#decrypt(parcel, type, body));
      const { groupId, axolotlSenderKeyDistributionMessage: key } = part.senderKeyDistributionMessage ?? {};
      if (groupId && key) await this.#groupKeys.accept(groupId, parcel.companion, key);
      Object.assign(message, part);
    }
    return message;
  }

  #decrypt(parcel: Parcel, type: string, body: Buffer): Promise<Buffer> {
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
}
