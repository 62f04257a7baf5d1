import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { clamped } from './clamped-key.ts';
import { verifyXeddsa } from './xeddsa-verify.ts';

/**
 * The functions of `libsignal/src/curve.js` (6.0.0) that are replaced here. Public keys have 33 bytes: 5, and the key.
 */
interface Curve {
  calculateAgreement(publicKey: Buffer, privateKey: Buffer): Buffer;
  calculateSignature(privateKey: Buffer, message: Uint8Array): Buffer;
  generateKeyPair(): { pubKey: Buffer; privKey: Buffer };
  verifySignature(publicKey: Buffer, message: Uint8Array, signature: Uint8Array, isInit?: boolean): boolean;
}

const KEY_TYPE = 5;
const X25519 = { kty: 'OKP', crv: 'X25519' };

let isFast = false;

/**
 * Makes libsignal's Curve25519 faster, for the whole process. Later calls do nothing. Inputs and outputs stay the
 * same; malformed input goes to the original function, which throws its own error.
 *
 * 1. Agreements and key pairs: libsignal exchanges keys with OpenSSL as DER, which costs several times the work
 *    itself. As a JWK, Node takes the raw bytes (RFC 8037; it does not read `x` of a private key). A turn of a ratchet
 *    uses each key two or three times, so the keys used last are kept.
 * 2. Signatures: libsignal makes and verifies them in slow JavaScript. One is made for each message to a group, which
 *    takes 11 ms, and two are verified at every login, which takes 20 ms for each of the first ones. Here OpenSSL
 *    verifies, and `@noble/curves` signs as soon as it is loaded, because OpenSSL does not sign with such a key.
 *
 * Must run before Baileys is loaded: an import of a CommonJS module by name keeps the function of that moment.
 */
export function speedUpCurve(): void {
  if (isFast) return;
  isFast = true;
  const curve = createRequire(import.meta.url)('libsignal/src/curve.js') as Curve;
  const { calculateAgreement, calculateSignature, verifySignature } = curve;
  curve.calculateAgreement = (publicKey, privateKey) => {
    if (!isPublicKey(publicKey) || privateKey?.length !== 32)
      return calculateAgreement(publicKey, privateKey);
    return diffieHellman({ privateKey: privateKeyOf(privateKey), publicKey: publicKeyOf(publicKey) });
  };
  curve.generateKeyPair = () => {
    const privKey = clamped(randomBytes(32));
    // Exporting a private key as JWK hangs on Node.js 20.20, so only the public key is exported.
    const { x = '' } = createPublicKey(privateKeyOf(privKey)).export({ format: 'jwk' });
    return { privKey, pubKey: Buffer.concat([Buffer.of(KEY_TYPE), Buffer.from(x, 'base64url')]) };
  };
  curve.calculateSignature = (privateKey, message) => {
    const isUsual = Buffer.isBuffer(privateKey) && privateKey.length === 32 && message?.length > 0;
    if (signer && isUsual) return signer(privateKey, message);
    loadSigner().catch(() => {});
    return calculateSignature(privateKey, message);
  };
  curve.verifySignature = (publicKey, message, signature, isInit) => {
    const isUsual = isPublicKey(publicKey) && message?.length > 0 && signature?.length === 64 && !isInit;
    if (!isUsual) return verifySignature(publicKey, message, signature, isInit);
    return verifyXeddsa(publicKey.subarray(1), message, signature);
  };
}

let signer: ((privateKey: Uint8Array, message: Uint8Array) => Buffer) | undefined;
let loading: Promise<void> | undefined;

/** Until this has resolved, signatures are slow. The first signature begins it, because a start makes none. */
export function loadSigner(): Promise<void> {
  loading ??= import('./xeddsa-sign.ts').then(({ signXeddsa }) => {
    signer = signXeddsa;
  });
  return loading;
}

function isPublicKey(key: Buffer | undefined): key is Buffer {
  return Buffer.isBuffer(key) && key.length === 33 && key[0] === KEY_TYPE;
}

const keysUsedLast = new RecentMap<KeyObject>(LIMITS['ratchet-keys:memory'].count / 2);

function privateKeyOf(bytes: Buffer): KeyObject {
  const d = bytes.toString('base64url');
  return keyOf(`private ${d}`, () => createPrivateKey({ key: { ...X25519, x: '', d }, format: 'jwk' }));
}

function publicKeyOf(bytes: Buffer): KeyObject {
  const x = bytes.toString('base64url', 1);
  return keyOf(`public ${x}`, () => createPublicKey({ key: { ...X25519, x }, format: 'jwk' }));
}

function keyOf(name: string, make: () => KeyObject): KeyObject {
  const known = keysUsedLast.get(name);
  if (known) return known;
  const key = make();
  keysUsedLast.set(name, key);
  return key;
}
