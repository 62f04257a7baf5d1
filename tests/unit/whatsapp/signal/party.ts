import { createRequire } from 'node:module';
import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys';

/** The parts of libsignal that the tests use. */
interface Cipher {
  encrypt(data: Buffer): Promise<{ type: number; body: string }>;
  decryptWhisperMessage(data: Buffer): Promise<Buffer>;
  decryptPreKeyWhisperMessage(data: Buffer): Promise<Buffer>;
}
interface Record {
  serialize(): object;
}
interface LibSignal {
  SessionCipher: new (storage: object, address: object) => Cipher;
  SessionBuilder: new (storage: object, address: object) => { initOutgoing(bundle: object): Promise<void> };
  SessionRecord: { deserialize(data: unknown): Record };
  ProtocolAddress: new (id: string, device: number) => object;
}

const libsignal = createRequire(import.meta.url)('libsignal') as LibSignal;

function newKeys() {
  const { public: pub, private: priv } = Curve.generateKeyPair();
  return { pubKey: Buffer.from(generateSignalPubKey(pub)), privKey: Buffer.from(priv) };
}

/** Where the session records of a person are, as the objects that libsignal makes and reads. */
export interface Records {
  load(id: string): unknown;
  store(id: string, record: object): void;
}

/** Stores and reads records as text. */
class TextRecords implements Records {
  readonly texts = new Map<string, string>();

  load(id: string): unknown {
    const text = this.texts.get(id);
    return text === undefined ? undefined : JSON.parse(text);
  }

  store(id: string, record: object): void {
    this.texts.set(id, JSON.stringify(record));
  }
}

/** A person with keys, who speaks with one other. */
export class Party<R extends Records = TextRecords> {
  readonly records: R;
  readonly identity = newKeys();
  readonly signed = newKeys();
  readonly oneTime = new Map([1, 2, 3].map((id) => [id, newKeys()]));

  constructor(records: R) {
    this.records = records;
  }

  readonly storage = {
    loadSession: async (id: string) => {
      const stored = this.records.load(id);
      return stored === undefined ? undefined : libsignal.SessionRecord.deserialize(stored);
    },
    storeSession: async (id: string, record: Record) => this.records.store(id, record.serialize()),
    isTrustedIdentity: () => true,
    loadPreKey: async (id: number | string) => this.oneTime.get(Number(id)),
    removePreKey: () => {},
    loadSignedPreKey: () => this.signed,
    getOurRegistrationId: () => 1,
    getOurIdentity: () => this.identity,
  };

  bundle(preKeyId: number): object {
    const { pubKey } = this.signed;
    const signature = Curve.sign(this.identity.privKey, pubKey);
    return {
      registrationId: 1,
      identityKey: this.identity.pubKey,
      signedPreKey: { keyId: 1, publicKey: pubKey, signature },
      preKey: { keyId: preKeyId, publicKey: this.oneTime.get(preKeyId)?.pubKey },
    };
  }

  cipher(): Cipher {
    return new libsignal.SessionCipher(this.storage, address);
  }

  async startSession(other: Party<Records>, preKeyId: number): Promise<void> {
    await new libsignal.SessionBuilder(this.storage, address).initOutgoing(other.bundle(preKeyId));
  }

  async send(text: string): Promise<{ type: number; body: Buffer }> {
    const { type, body } = await this.cipher().encrypt(Buffer.from(text));
    return { type, body: Buffer.from(body, 'binary') };
  }

  async read({ type, body }: { type: number; body: Buffer }): Promise<string> {
    const cipher = this.cipher();
    const plain = await (type === 3
      ? cipher.decryptPreKeyWhisperMessage(body)
      : cipher.decryptWhisperMessage(body));
    return plain.toString();
  }
}

const address = new libsignal.ProtocolAddress('other', 0);

export const textParty = (): Party<TextRecords> => new Party(new TextRecords());
