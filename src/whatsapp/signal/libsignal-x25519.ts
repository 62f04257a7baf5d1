import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { createRequire } from 'node:module';

interface Curve {
  calculateAgreement(publicKey: Buffer, privateKey: Buffer): Buffer;
}

/**
 * Makes X25519 agreements in libsignal faster. libsignal hands each key to OpenSSL as DER, and decoding that costs
 * several times the agreement itself, twice for each message. As a JWK, Node takes the raw bytes (RFC 8037; it does
 * not read `x` of a private key). Inputs and outputs stay the same; malformed keys go to the original function,
 * which throws its own error.
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
