import { type AuthenticationCreds, Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import { verifyXeddsa } from './xeddsa-verify.ts';

/**
 * Signs the signed pre-key again if its signature is damaged or missing. With such a signature WhatsApp refuses new
 * pre-keys (error 406), and people could not begin a Signal session with this device. The keys are whole, because
 * otherwise the folder would not have been opened. Returns whether it signed.
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
