import { createRequire } from 'node:module';

/**
 * The parts of libsignal 6 that phones use. The library's own types leave most of them out, and its high-level
 * calls print private keys.
 */
export interface SignalKeyPair {
  pubKey: Buffer;
  privKey: Buffer;
}

export interface Ratchet {
  indexInfo: { baseKey: Buffer; closed: number; used: number; remoteIdentityKey: Buffer };
  pendingPreKey?: { signedKeyId: number; baseKey: Buffer; preKeyId?: number };
  serialize(): object;
}

interface RatchetType {
  deserialize(data: object): Ratchet;
}

export interface SessionRecord {
  sessions: Record<string, Ratchet>;
  getSessions(): Ratchet[];
  getOpenSession(): Ratchet | undefined;
  setSession(ratchet: Ratchet): void;
  serialize(): object;
}

export interface SignalStore {
  loadSession(address: string): SessionRecord | undefined;
  storeSession(address: string, record: SessionRecord): void;
  isTrustedIdentity(): boolean;
  getOurIdentity(): SignalKeyPair;
  getOurRegistrationId(): number;
}

interface SessionCipher {
  encrypt(data: Buffer): Promise<{ type: number; body: Buffer }>;
  doDecryptWhisperMessage(message: Buffer, ratchet: Ratchet): Promise<Buffer>;
}

interface SessionBuilder {
  initSession(
    isInitiator: boolean,
    ourEphemeral: SignalKeyPair | undefined,
    ourSigned: SignalKeyPair | undefined,
    theirIdentity: Buffer,
    theirEphemeral: Buffer | undefined,
    theirSigned: Buffer | undefined,
    registrationId: number,
  ): Promise<Ratchet>;
}

interface PreKeyMessage {
  registrationId: number;
  preKeyId?: number;
  signedPreKeyId: number;
  baseKey: Buffer;
  identityKey: Buffer;
  message: Buffer;
}

interface LibSignal {
  ProtocolAddress: new (id: string, device: number) => { toString(): string };
  SessionRecord: { new (): SessionRecord; deserialize(data: object): SessionRecord };
  SessionCipher: new (store: SignalStore, address: object) => SessionCipher;
  SessionBuilder: new (store: SignalStore, address: object) => SessionBuilder;
  curve: {
    generateKeyPair(): SignalKeyPair;
    calculateSignature(privateKey: Buffer, message: Buffer): Buffer;
    verifySignature(publicKey: Buffer, message: Buffer, signature: Buffer): boolean;
  };
}

interface SignalMessages {
  PreKeyWhisperMessage: { decode(bytes: Buffer): PreKeyMessage };
}

const require = createRequire(import.meta.url);
const library: LibSignal = require('libsignal');
const messages: SignalMessages = require('libsignal/src/protobufs.js');

export const { ProtocolAddress, SessionRecord, SessionCipher, SessionBuilder, curve } = library;
export const { PreKeyWhisperMessage } = messages;

/** A copy that shares nothing with the original. */
export function copyOf(ratchet: Ratchet): Ratchet {
  const type = ratchet.constructor as unknown as RatchetType;
  return type.deserialize(ratchet.serialize());
}

/** True if `signature` is `publicKey`'s over `message`. The library's other wrappers ignore the result. */
export function isSignatureValid(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  try {
    return curve.verifySignature(withKeyType(publicKey), message, signature);
  } catch {
    return false;
  }
}

/** Adds the leading type byte, which public keys have in libsignal and not on the wire. */
export function withKeyType(publicKey: Uint8Array): Buffer {
  return publicKey.length === 33 ? Buffer.from(publicKey) : Buffer.concat([Buffer.from([5]), publicKey]);
}

export function withoutKeyType(publicKey: Uint8Array): Buffer {
  return Buffer.from(publicKey.length === 33 ? publicKey.subarray(1) : publicKey);
}
