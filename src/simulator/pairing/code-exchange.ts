import { randomBytes } from 'node:crypto';
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  hkdf,
  type KeyPair,
} from '@whiskeysockets/baileys';
import { type SignalKeyPair, withoutKeyType } from '../crypto/phone-libsignal.ts';

/** A companion's request for pairing with a code. */
export interface CodeRequest {
  /** The account whose phone enters the code. */
  readonly jid: string;
  readonly ref: string;
  /** Seconds. */
  readonly requestedAt: number;
  /** How often the code was entered. */
  attempts: number;
  /** Salt, IV, and the companion's ephemeral key, encrypted with a key that is derived from the code. */
  readonly wrappedCompanionKey: Buffer;
}

/** The phone's answer after the code was entered. */
export interface CodeOffer {
  readonly wrappedPhoneKey: Buffer;
  readonly ephemeral: KeyPair;
  readonly companionKey: Buffer;
}

/** Removes dashes and spaces, and makes letters upper case. */
export function normalizeCode(code: string): string {
  return code.toUpperCase().replace(/[^0-9A-Z]/g, '');
}

export async function answerCode(request: CodeRequest, code: string): Promise<CodeOffer> {
  const wrapped = request.wrappedCompanionKey;
  const theirKey = await derivePairingCodeKey(code, wrapped.subarray(0, 32));
  const companionKey = aesDecryptCTR(wrapped.subarray(48, 80), theirKey, wrapped.subarray(32, 48));
  const ephemeral = Curve.generateKeyPair();
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const key = await derivePairingCodeKey(code, salt);
  const wrappedPhoneKey = Buffer.concat([salt, iv, aesEncryptCTR(ephemeral.public, key, iv)]);
  return { wrappedPhoneKey, ephemeral, companionKey };
}

/**
 * Decrypts the companion's key bundle and returns the shared ADV secret.
 * Throws if the companion used another code or another account.
 */
export function openKeyBundle(
  offer: CodeOffer,
  account: SignalKeyPair,
  identity: Buffer,
  bundle: Buffer,
): Buffer {
  const shared = Curve.sharedKey(offer.ephemeral.private, offer.companionKey);
  const info = 'link_code_pairing_key_bundle_encryption_key';
  const key = Buffer.from(hkdf(shared, 32, { salt: bundle.subarray(0, 32), info }));
  const plain = aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0));
  const isGenuine = plain.subarray(0, 32).equals(identity);
  if (!isGenuine || !plain.subarray(32, 64).equals(withoutKeyType(account.pubKey))) {
    throw new Error('the companion was given another code or another account');
  }
  const identityShared = Curve.sharedKey(account.privKey, identity);
  const secret = Buffer.concat([shared, identityShared, plain.subarray(64, 96)]);
  return Buffer.from(hkdf(secret, 32, { info: 'adv_secret' }));
}
