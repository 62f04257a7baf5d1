import type { KeyBundle, PhoneKeys } from './phone-keys.ts';
import {
  copyOf,
  curve,
  isSignatureValid,
  PreKeyWhisperMessage,
  ProtocolAddress,
  type Ratchet,
  SessionBuilder,
  SessionCipher,
  SessionRecord,
  type SignalStore,
  withKeyType,
} from './phone-libsignal.ts';

export type CipherType = 'msg' | 'pkmsg';

export interface Ciphertext {
  readonly type: CipherType;
  readonly body: Buffer;
}

/** How many Signal sessions are kept for each device, as in Signal. */
const MAX_SESSIONS = 40;

/**
 * A phone's pairwise Signal sessions, one record for each remote device.
 * A message that cannot be decrypted must not change any Signal session.
 */
export class PhoneSessions {
  readonly #keys: PhoneKeys;
  readonly #owner: string;
  readonly #records = new Map<string, SessionRecord>();
  readonly #store: SignalStore;

  /** `owner` must be unique in the process, because libsignal shares its queues by address. */
  constructor(keys: PhoneKeys, owner: string) {
    this.#keys = keys;
    this.#owner = owner;
    this.#store = {
      loadSession: (address) => this.#records.get(address),
      storeSession: (address, record) => void this.#records.set(address, record),
      isTrustedIdentity: () => true,
      getOurIdentity: () => keys.identity,
      getOurRegistrationId: () => keys.registrationId,
    };
  }

  /** Copies the Signal sessions of another phone with the same owner. */
  adopt(other: PhoneSessions): void {
    for (const [address, record] of other.#records) {
      this.#records.set(address, SessionRecord.deserialize(record.serialize()));
    }
  }

  has(device: number): boolean {
    return this.#records.get(this.#address(device).toString())?.getOpenSession() !== undefined;
  }

  /** Opens a Signal session from a bundle. The old one stays for messages that are under way. */
  async start(device: number, bundle: KeyBundle): Promise<void> {
    const { identity, signedPreKey, preKey } = bundle;
    if (!isSignatureValid(identity, withKeyType(signedPreKey.value), signedPreKey.signature)) {
      throw new Error('the signed pre-key is not signed by the identity');
    }
    const base = curve.generateKeyPair();
    const builder = new SessionBuilder(this.#store, this.#address(device));
    const oneTime = preKey && withKeyType(preKey.value);
    const signed = withKeyType(signedPreKey.value);
    const ratchet = await builder.initSession(
      true,
      base,
      undefined,
      withKeyType(identity),
      oneTime,
      signed,
      bundle.registrationId,
    );
    ratchet.pendingPreKey = { signedKeyId: signedPreKey.id, baseKey: base.pubKey };
    if (preKey) ratchet.pendingPreKey.preKeyId = preKey.id;
    this.#open(device, ratchet);
  }

  async encrypt(device: number, plaintext: Buffer): Promise<Ciphertext> {
    const cipher = new SessionCipher(this.#store, this.#address(device));
    const { type, body } = await cipher.encrypt(plaintext);
    return { type: type === 3 ? 'pkmsg' : 'msg', body: Buffer.from(body) };
  }

  async decrypt(device: number, type: CipherType, body: Buffer): Promise<Buffer> {
    return type === 'pkmsg' ? this.#decryptFirst(device, body) : this.#decryptKnown(device, body);
  }

  async #decryptFirst(device: number, body: Buffer): Promise<Buffer> {
    const first = PreKeyWhisperMessage.decode(body.subarray(1));
    const known = this.#records.get(this.#address(device).toString())?.sessions[
      first.baseKey.toString('base64')
    ];
    if (known) return this.#attempt(device, first.message, known);

    const preKey = first.preKeyId ? this.#keys.preKey(first.preKeyId) : undefined;
    if (first.preKeyId && !preKey) throw new Error('Invalid PreKey ID');
    const signed = this.#keys.signedPreKey(first.signedPreKeyId);
    if (!signed) throw new Error('Missing SignedPreKey');
    const cipher = new SessionCipher(this.#store, this.#address(device));
    const builder = new SessionBuilder(this.#store, this.#address(device));
    const identity = Buffer.from(first.identityKey);
    const base = Buffer.from(first.baseKey);
    const ratchet = await builder.initSession(
      false,
      preKey,
      signed,
      identity,
      base,
      undefined,
      first.registrationId,
    );
    const plaintext = await cipher.doDecryptWhisperMessage(Buffer.from(first.message), ratchet);
    this.#open(device, ratchet);
    if (first.preKeyId) this.#keys.spendPreKey(first.preKeyId);
    return plaintext;
  }

  async #decryptKnown(device: number, body: Buffer): Promise<Buffer> {
    const record = this.#records.get(this.#address(device).toString());
    if (!record) throw new Error('No session record');
    let last: unknown;
    for (const ratchet of record.getSessions()) {
      try {
        return await this.#attempt(device, body, ratchet);
      } catch (error) {
        last = error;
      }
    }
    throw new Error('No matching sessions found for message', { cause: last });
  }

  /** Works on a copy, because the library steps a ratchet before it checks the MAC. */
  async #attempt(device: number, body: Buffer, ratchet: Ratchet): Promise<Buffer> {
    const copy = copyOf(ratchet);
    const cipher = new SessionCipher(this.#store, this.#address(device));
    const plaintext = await cipher.doDecryptWhisperMessage(Buffer.from(body), copy);
    copy.indexInfo.used = Date.now();
    // Phones answer in the Signal session of the last message that they read.
    this.#open(device, copy);
    return plaintext;
  }

  /** Makes `ratchet` the open Signal session. The library's own function prints private keys. */
  #open(device: number, ratchet: Ratchet): void {
    const address = this.#address(device).toString();
    const record = this.#records.get(address) ?? new SessionRecord();
    const current = record.getOpenSession();
    if (current && !current.indexInfo.baseKey.equals(ratchet.indexInfo.baseKey)) {
      current.indexInfo.closed = Date.now();
    }
    ratchet.indexInfo.closed = -1;
    const old = record.getSessions().filter((session) => session.indexInfo.closed !== -1);
    for (const session of old.slice(MAX_SESSIONS - 1)) {
      delete record.sessions[session.indexInfo.baseKey.toString('base64')];
    }
    record.setSession(ratchet);
    this.#records.set(address, record);
  }

  #address(device: number): InstanceType<typeof ProtocolAddress> {
    return new ProtocolAddress(`simulated-${this.#owner}`, device);
  }
}
