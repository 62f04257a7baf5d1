import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type AuthenticationCreds, BufferJSON, initAuthCreds } from '@whiskeysockets/baileys';
import { strictReviver } from '../values/key-json.ts';

/** Throws if the text is not JSON, or not an identity. */
export function parseCredentials(text: string): AuthenticationCreds {
  const parsed: unknown = JSON.parse(text, strictReviver);
  if (!isCredentials(parsed)) throw new Error('these are not the credentials of a WhatsApp session');
  return parsed;
}

export function credentialsToJson(creds: AuthenticationCreds): string {
  return JSON.stringify(creds, BufferJSON.replacer);
}

function isCredentials(value: unknown): value is AuthenticationCreds {
  if (typeof value !== 'object' || value === null) return false;
  const creds = value as Record<string, unknown>;
  return (
    isKeyPair(creds.noiseKey) &&
    isKeyPair(creds.signedIdentityKey) &&
    isKeyPair((creds.signedPreKey as Record<string, unknown> | undefined)?.keyPair) &&
    typeof creds.registrationId === 'number' &&
    typeof creds.advSecretKey === 'string' &&
    Buffer.from(creds.advSecretKey, 'base64').length === 32 &&
    isPreKeyId(creds.nextPreKeyId) &&
    (creds.firstUnuploadedPreKeyId === undefined || isPreKeyId(creds.firstUnuploadedPreKeyId)) &&
    (creds.processedHistoryMessages === undefined || Array.isArray(creds.processedHistoryMessages)) &&
    (creds.me === undefined || isJid((creds.me as Record<string, unknown>).id)) &&
    (creds.account ? isAccount(creds.account) : !hasLoggedIn(creds))
  );
}

/** The phone signed these parts when it linked this device. Phones need them to read the first message from it. */
function isAccount(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { details, accountSignature, deviceSignature } = value as Record<string, unknown>;
  return [details, accountSignature, deviceSignature].every(isBytes);
}

/** Baileys stores these as base64, without `type: 'Buffer'`. */
const isBytes = (value: unknown): boolean =>
  value instanceof Uint8Array
    ? value.length > 0
    : typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value);

/** Baileys raises this number at the first login, so that a file without a link has lost it. */
const hasLoggedIn = ({ me, firstUnuploadedPreKeyId }: Record<string, unknown>): boolean =>
  me !== undefined && Number(firstUnuploadedPreKeyId ?? 1) > 1;

/** Pre-key ids have 24 bits in the protocol; this leaves room for what a client may count beyond. */
const isPreKeyId = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;

const isJid = (value: unknown): boolean => typeof value === 'string' && /^[\w.:+-]+@[a-z.]+$/.test(value);

function isKeyPair(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { public: publicKey, private: privateKey } = value as Record<string, unknown>;
  if (!(publicKey instanceof Uint8Array) || !(privateKey instanceof Uint8Array)) return false;
  // A public key may have its type in front.
  return privateKey.length === 32 && publicKeyOf(privateKey).equals(publicKey.subarray(-32));
}

/**
 * A damaged key is still well-formed; comparing the pair's public key finds the damage. OpenSSL reads a JWK in a tenth
 * of the time that it needs for PKCS #8.
 */
function publicKeyOf(privateKey: Uint8Array): Buffer {
  const key = createPrivateKey({
    key: { kty: 'OKP', crv: 'X25519', x: '', d: Buffer.from(privateKey).toString('base64url') },
    format: 'jwk',
  });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

/** Credentials count as linked once `account` is there: a pairing code sets `me` long before that. */
export function isLinked(creds: AuthenticationCreds): boolean {
  return Boolean(creds.account && creds.me);
}

/**
 * Whether WhatsApp may not know that this session is linked. The link is stored before it is confirmed, and Baileys
 * raises `firstUnuploadedPreKeyId` at the first login; so 1 means that there was no login yet.
 */
export function isUnconfirmed(creds: AuthenticationCreds): boolean {
  return isLinked(creds) && creds.firstUnuploadedPreKeyId === 1;
}

/** Replaces the identity by a new one, in place: everything that holds `creds` sees the new one. */
export function resetIdentity(creds: AuthenticationCreds): void {
  for (const name of Object.keys(creds)) delete (creds as Partial<Record<string, unknown>>)[name];
  Object.assign(creds, initAuthCreds());
}

/** Removes what an incomplete pairing left, so that the next connection registers a new device. */
export function forgetHalfPairing(creds: AuthenticationCreds): void {
  if (isLinked(creds)) return;
  delete creds.me;
  delete creds.account;
  creds.pairingCode = undefined;
  creds.registered = false;
}
