import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { clamped } from './clamped-key.ts';

const { BASE, Fn } = ed25519.Point;
const SIGN_BIT = 0x80;

/**
 * The signature of a Curve25519 key, as libsignal makes it: 64 bytes, the same each time, and the sign bit of the
 * Ed25519 public key in the last byte. `privateKey` has 32 bytes.
 *
 * Source: XEdDSA, https://signal.org/docs/specifications/xeddsa, without its random bytes: `curve25519_sign` in
 * `curve25519-js/lib/index.js`.
 */
export function signXeddsa(privateKey: Uint8Array, message: Uint8Array): Buffer {
  const key = clamped(privateKey);
  const secret = numberOf(key);
  const publicKey = BASE.multiply(secret).toBytes();
  const nonce = hashOf(key, message);
  const point = BASE.multiply(nonce).toBytes();
  const scalar = Fn.add(nonce, Fn.mul(hashOf(point, publicKey, message), secret));
  const signature = Buffer.concat([point, Fn.toBytes(scalar)]);
  signature[63] = (signature[63] ?? 0) | ((publicKey[31] ?? 0) & SIGN_BIT);
  return signature;
}

const hashOf = (...parts: readonly Uint8Array[]): bigint =>
  numberOf(createHash('sha512').update(Buffer.concat(parts)).digest());

/** Little-endian, modulo the order of the group. */
const numberOf = (bytes: Buffer): bigint =>
  Fn.create(BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`));
