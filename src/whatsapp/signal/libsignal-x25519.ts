import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { createRequire } from 'node:module';

interface Curve {
  calculateAgreement(publicKey: Buffer, privateKey: Buffer): Buffer;
}

/**
 * libsignal hands each X25519 key to OpenSSL as DER, whose decoding costs several times what the agreement itself
 * does, two times for every message. As a JWK, Node takes the raw bytes (RFC 8037; it never looks at `x` of a
 * private key). Same inputs, same output; what is no pair of keys goes the old way, to fail as it always did.
 */
export function speedUpX25519(): void {
  const curve = createRequire(import.meta.url)('libsignal/src/curve.js') as Curve;
  const original = curve.calculateAgreement;
  curve.calculateAgreement = (publicKey, privateKey) => {
    const isPrefixed = publicKey?.length === 33 && publicKey[0] === 5;
    if (!isPrefixed || privateKey?.length !== 32) return original(publicKey, privateKey);
    return diffieHellman({
      privateKey: createPrivateKey({
        key: { ...OKP, x: '', d: privateKey.toString('base64url') },
        format: 'jwk',
      }),
      publicKey: createPublicKey({ key: { ...OKP, x: publicKey.toString('base64url', 1) }, format: 'jwk' }),
    });
  };
}

const OKP = { kty: 'OKP', crv: 'X25519' };
