import { createPublicKey, verify } from 'node:crypto';

/** The prime of Curve25519. */
const P = 2n ** 255n - 19n;
const SIGN_BIT = 0x80;

/**
 * Whether a Curve25519 key made this signature (XEdDSA, https://signal.org/docs/specifications/xeddsa): the key is
 * turned into its Ed25519 form, whose sign bit is in the last byte of the signature, and OpenSSL verifies.
 * `publicKey` has 32 bytes, `signature` 64.
 */
export function verifyXeddsa(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const last = signature[63] ?? 0;
  const edwards = edwardsKey(publicKey);
  edwards[31] = (edwards[31] ?? 0) | (last & SIGN_BIT);
  const plain = Buffer.from(signature);
  plain[63] = last & ~SIGN_BIT;
  const key = { kty: 'OKP', crv: 'Ed25519', x: edwards.toString('base64url') };
  return verify(null, message, createPublicKey({ key, format: 'jwk' }), plain);
}

/** `y = (u - 1) / (u + 1)`, both little-endian; the top bit of `u` is ignored. */
function edwardsKey(publicKey: Uint8Array): Buffer {
  const bytes = Buffer.from(publicKey).reverse();
  bytes[0] = (bytes[0] ?? 0) & ~SIGN_BIT;
  const u = BigInt(`0x${bytes.toString('hex')}`);
  const y = modulo((u - 1n) * inverse(modulo(u + 1n)));
  return Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
}

/** Extended Euclid. 0 for 0, as in libsignal. */
function inverse(value: bigint): bigint {
  let [rest, next] = [P, value];
  let [sum, factor] = [0n, 1n];
  while (next > 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [sum, factor] = [factor, sum - quotient * factor];
  }
  return rest === 1n ? modulo(sum) : 0n;
}

function modulo(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}
