import { type AuthenticationCreds, generateSignalPubKey, initAuthCreds } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { credentialsToJson } from '../../../../src/session/identity/credentials-json.ts';
import { mendSignedPreKey } from '../../../../src/whatsapp/signal/signed-pre-key.ts';
import { verifyXeddsa } from '../../../../src/whatsapp/signal/xeddsa-verify.ts';

type SignedPreKey = AuthenticationCreds['signedPreKey'];

const isSigned = ({ signedIdentityKey, signedPreKey }: AuthenticationCreds): boolean =>
  verifyXeddsa(
    Buffer.from(signedIdentityKey.public),
    generateSignalPubKey(signedPreKey.keyPair.public),
    signedPreKey.signature,
  );

const flipped = (bytes: Uint8Array): Uint8Array => Buffer.from(bytes).fill((bytes[9] ?? 0) ^ 1, 9, 10);

test.each<[what: string, damage: (key: SignedPreKey) => object]>([
  ['is missing', () => ({ signature: undefined })],
  ['is a text', () => ({ signature: 'c2lnbmF0dXJl' })],
  ['is too short', ({ signature }) => ({ signature: signature.subarray(0, 63) })],
  ['has a flipped bit', ({ signature }) => ({ signature: flipped(signature) })],
  ['is that of another key', () => ({ signature: initAuthCreds().signedPreKey.signature })],
  ['has no number of its key', () => ({ keyId: undefined })],
])('a signature that %s is made anew, and everything else stays', (_, damage) => {
  const creds = initAuthCreds();
  const { signedPreKey, ...others } = creds;
  const { keyPair } = signedPreKey;
  Object.assign(signedPreKey, damage(signedPreKey));
  expect(mendSignedPreKey(creds)).toBe(true);
  expect(isSigned(creds)).toBe(true);
  expect(creds).toMatchObject({ ...others, signedPreKey: { keyPair, keyId: 1 } });
});

test('a valid signature of the signed pre-key stays as it is', () => {
  const creds = initAuthCreds();
  const before = credentialsToJson(creds);
  expect(mendSignedPreKey(creds)).toBe(false);
  expect(credentialsToJson(creds)).toBe(before);
});
