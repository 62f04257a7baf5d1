import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSigner, speedUpCurve } from '../../../../src/whatsapp/signal/libsignal-curve.ts';
import { verifyXeddsa } from '../../../../src/whatsapp/signal/xeddsa-verify.ts';

interface Curve {
  calculateAgreement(publicKey: Buffer, privateKey: Buffer): Buffer;
  calculateSignature(privateKey: Buffer, message: Uint8Array): Buffer;
  generateKeyPair(): { pubKey: Buffer; privKey: Buffer };
  getPublicFromPrivateKey(privateKey: Buffer): Buffer;
  verifySignature(publicKey: Buffer, message: Uint8Array, signature: Uint8Array, isInit?: boolean): boolean;
}
interface CurveJs {
  sharedKey(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const load = createRequire(import.meta.url);
const curve = load('libsignal/src/curve.js') as Curve;
/** What libsignal uses for signatures. */
const original = createRequire(load.resolve('libsignal'))('curve25519-js') as CurveJs;
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

beforeAll(async () => {
  speedUpCurve();
  await loadSigner();
});

describe('the faster curve of libsignal', () => {
  it('the repaired curve makes key pairs whose public key belongs to the private key', () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const { pubKey, privKey } = curve.generateKeyPair();
      expect([pubKey.length, pubKey[0], privKey.length]).toEqual([33, 5, 32]);
      expect(curve.getPublicFromPrivateKey(privKey)).toEqual(pubKey);
    }
  });

  it('the repaired curve agrees with the original on every agreement', () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const [a, b] = [curve.generateKeyPair(), curve.generateKeyPair()];
      const shared = curve.calculateAgreement(b.pubKey, a.privKey);
      expect(shared).toEqual(curve.calculateAgreement(a.pubKey, b.privKey));
      expect(shared).toEqual(Buffer.from(original.sharedKey(plain(a.privKey), plain(b.pubKey.subarray(1)))));
    }
  });

  it('the repaired curve agrees on keys that were used before, and on those that other keys have displaced', () => {
    const pairs = Array.from({ length: 300 }, () => curve.generateKeyPair());
    const [first] = pairs;
    if (!first) throw new Error('no pair');
    const shared = (): Buffer[] => pairs.map(({ pubKey }) => curve.calculateAgreement(pubKey, first.privKey));
    const other = pairs.map(({ privKey }) => curve.calculateAgreement(first.pubKey, privKey));
    expect(shared()).toEqual(other);
    expect(shared()).toEqual(other);
  });

  it('the repaired curve signs with the same bytes as the original, for any key and message', () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ minLength: 1, maxLength: 300 }), (key, message) => {
        const before = Buffer.from(key);
        const signature = curve.calculateSignature(Buffer.from(key), message);
        expect(signature).toEqual(Buffer.from(original.sign(plain(key), plain(message))));
        expect(Buffer.from(key)).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a key that is too short', Buffer.alloc(31), Buffer.from('text')],
    ['a key that is no Buffer', new Uint8Array(32), Buffer.from('text')],
    ['no message', Buffer.alloc(32), undefined],
  ])('the repaired curve signs nothing with %s', (_, key, message) => {
    expect(() => curve.calculateSignature(key as Buffer, message as Uint8Array)).toThrow();
  });

  it('the repaired curve verifies what it has signed, for any message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (message) => {
        const { pubKey, privKey } = curve.generateKeyPair();
        const signature = curve.calculateSignature(privKey, message);
        expect(curve.verifySignature(pubKey, message, signature)).toBe(true);
        expect(curve.verifySignature(curve.generateKeyPair().pubKey, message, signature)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('the repaired curve refuses a signature in which any bit is changed, as the original does', () => {
    const message = randomBytes(40);
    const { pubKey, privKey } = curve.generateKeyPair();
    const signature = curve.calculateSignature(privKey, message);
    for (let bit = 0; bit < 512; bit += 7) {
      const changed = Buffer.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(curve.verifySignature(pubKey, message, changed), `bit ${bit}`).toBe(
        original.verify(plain(pubKey.subarray(1)), plain(message), plain(changed)),
      );
    }
  });

  it('the repaired curve gives the answer of the original for bytes that are no key and no signature', () => {
    fc.assert(
      fc.property(bytes(32), bytes(10), bytes(64), (key, message, signature) => {
        expect(verifyXeddsa(key, message, signature)).toBe(original.verify(key, message, signature));
      }),
      { numRuns: 20 },
    );
    const minusOne = Buffer.from('ec'.padEnd(62, 'f').concat('7f'), 'hex');
    for (const key of [Buffer.alloc(32), Buffer.alloc(32, 255), minusOne]) {
      const zeros = Buffer.alloc(64);
      expect(verifyXeddsa(key, Buffer.of(1), zeros)).toBe(
        original.verify(plain(key), Uint8Array.of(1), plain(zeros)),
      );
    }
  });

  it('the repaired curve leaves malformed input to the original', () => {
    const { pubKey, privKey } = curve.generateKeyPair();
    expect(() => curve.verifySignature(pubKey, Buffer.of(1), Buffer.alloc(63))).toThrow('Invalid signature');
    expect(() => curve.calculateAgreement(Buffer.alloc(10), privKey)).toThrow('Invalid public key');
    expect(() => curve.calculateAgreement(pubKey, Buffer.alloc(5))).toThrow('Incorrect private key length');
    expect(curve.verifySignature(pubKey, Buffer.of(1), Buffer.alloc(64), true)).toBe(true);
  });

  it('the repaired curve agrees with keys that OpenSSL has made', () => {
    const { publicKey, privateKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    const [pub, priv] = [Buffer.concat([Buffer.of(5), publicKey.subarray(-32)]), privateKey.subarray(-32)];
    const { pubKey, privKey } = curve.generateKeyPair();
    expect(curve.calculateAgreement(pub, privKey)).toEqual(curve.calculateAgreement(pubKey, priv));
  });
});
