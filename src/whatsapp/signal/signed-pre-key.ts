import { type AuthenticationCreds, Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import { verifyXeddsa } from './xeddsa.ts';

/**
 * Signs the signed pre-key anew if its signature is damaged or missing: WhatsApp refuses new pre-keys with such a one
 * (error 406), and people could not begin a session with this device. The keys that it is made from are whole, or the
 * folder would not have been opened. Returns whether it did.
 */
export function mendSignedPreKey(creds: AuthenticationCreds): boolean {
  const { signedIdentityKey, signedPreKey } = creds;
  const { keyPair, signature, keyId } = signedPreKey;
  const signed = generateSignalPubKey(keyPair.public);
  const identity = Buffer.from(signedIdentityKey.public).subarray(-32);
  const isWhole = Number.isSafeInteger(keyId) && keyId > 0;
  if (isWhole && signature instanceof Uint8Array && signature.length === 64) {
    if (verifyXeddsa(identity, signed, signature)) return false;
  }
  const renewed = Curve.sign(signedIdentityKey.private, signed);
  Object.assign(creds, { signedPreKey: { ...signedPreKey, keyId: isWhole ? keyId : 1, signature: renewed } });
  return true;
}
