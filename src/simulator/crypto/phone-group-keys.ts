import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';

/** The sender keys of a phone: its own for each group, and those that others sent it. */
export class GroupKeys {
  readonly #records = new Map<string, Buffer>();
  readonly #store = {
    loadSenderKey: async (name: SenderKeyName) => {
      const stored = this.#records.get(name.toString());
      return stored === undefined ? new SenderKeyRecord() : SenderKeyRecord.deserialize(stored);
    },
    storeSenderKey: async (name: SenderKeyName, record: SenderKeyRecord) => {
      this.#records.set(name.toString(), Buffer.from(JSON.stringify(record.serialize())));
    },
  };

  /** Copies the sender keys of another phone. */
  adopt(other: GroupKeys): void {
    for (const [name, record] of other.#records) this.#records.set(name, Buffer.from(record));
  }

  /** The distribution message with which others can read this phone's next messages in the group. */
  async distribution(group: string): Promise<Buffer> {
    const message = await new GroupSessionBuilder(this.#store).create(own(group));
    return Buffer.from(message.serialize());
  }

  async encrypt(group: string, plaintext: Buffer): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store, own(group)).encrypt(plaintext));
  }

  async accept(group: string, device: number, distribution: Uint8Array): Promise<void> {
    const message = new SenderKeyDistributionMessage(null, null, null, null, distribution);
    await new GroupSessionBuilder(this.#store).process(theirs(group, device), message);
  }

  /** Throws, without any change, if the key is missing or the message was decrypted before. */
  async decrypt(group: string, device: number, body: Buffer): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store, theirs(group, device)).decrypt(body));
  }
}

function own(group: string): SenderKeyName {
  return senderKeyName(group, 'own', 0);
}

function theirs(group: string, device: number): SenderKeyName {
  return senderKeyName(group, 'companion', device);
}

function senderKeyName(group: string, id: string, deviceId: number): SenderKeyName {
  return new SenderKeyName(group, { id, deviceId, toString: () => `${id}.${deviceId}` });
}
