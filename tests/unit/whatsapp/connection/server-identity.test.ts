import { Curve, proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { chainProblem, trustFor } from '../../../../src/whatsapp/connection/server-identity.ts';

const { Details } = proto.CertChain.NoiseCertificate;
const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1000;
const issuer = Curve.generateKeyPair();
const server = Curve.generateKeyPair();

interface Changes {
  readonly leafKey?: Uint8Array;
  readonly issuerSerial?: number;
  readonly intermediateKey?: Uint8Array;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

function chain(changes: Changes) {
  const period = { notBefore: changes.notBefore ?? NOW - 10, notAfter: changes.notAfter ?? NOW + 10 };
  const key = changes.intermediateKey ?? issuer.public;
  const intermediate = Details.encode({ serial: 1, issuerSerial: 0, key, ...period }).finish();
  const { issuerSerial = 1, leafKey = server.public } = changes;
  const leaf = Details.encode({ serial: 2, issuerSerial, key: leafKey, ...period }).finish();
  return { leaf, intermediate, issuerKey: issuer.public };
}

describe('chainProblem', () => {
  const other = Curve.generateKeyPair().public;
  it.each<[title: string, changes: Changes, strict: string | undefined, lenient: string | undefined]>([
    ['a chain for this server', {}, undefined, undefined],
    ['a leaf that names another key', { leafKey: other }, 'other-key', undefined],
    ['a leaf of another issuer', { issuerSerial: 9 }, 'other-issuer', 'other-issuer'],
    ['an intermediate with another key', { intermediateKey: other }, 'other-issuer', 'other-issuer'],
    ['a chain that has ended', { notAfter: NOW - 1 }, 'not-valid-now', undefined],
    ['a chain that has not begun', { notBefore: NOW + 1 }, 'not-valid-now', undefined],
  ])('chainProblem of %s is $2, or $3 if the key need not be its own', (_, changes, strict, lenient) => {
    expect(chainProblem(chain(changes), server.public, true, NOW_MS)).toBe(strict);
    expect(chainProblem(chain(changes), server.public, false, NOW_MS)).toBe(lenient);
  });
});

describe('trustFor', () => {
  const rootKey = new Uint8Array(32);
  it.each([
    ['wss://web.whatsapp.com/ws/chat', undefined, true, true],
    ['wss://web.whatsapp.com:5222/ws/chat', undefined, true, true],
    ['wss://whatsapp.com.example.org/ws', undefined, true, false],
    ['ws://127.0.0.1:1', undefined, false, false],
    ['ws://[::1]:1', undefined, false, false],
    ['ws://127.0.0.1:1', rootKey, true, true],
  ])(
    'for %s with the root key %s, the chain must be signed: %s, and name the server: %s',
    (url, key, mustBeSigned, mustOwnKey) => {
      expect(trustFor(url, key)).toEqual({ rootKey: key, mustBeSigned, mustOwnKey });
    },
  );
});
