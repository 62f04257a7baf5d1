import { randomBytes } from 'node:crypto';

/** The field of a QR text that holds the secret: `ref,noise key,identity key,secret,platform`. */
const FIELDS_AFTER_SECRET = 1;

/** A new secret that a phone proves to know when it links this device: 32 bytes in base64. */
export const newAdvSecret = (): string => randomBytes(32).toString('base64');

/**
 * The text of a QR code with this secret in place of its own; the reference stays.
 *
 * Source: `buildPairingQRData` in `lib/Utils/companion-reg-client-utils.js` of Baileys 7.0.0-rc14.
 */
export function withAdvSecret(qr: string, secret: string): string {
  const fields = qr.split(',');
  const index = fields.length - 1 - FIELDS_AFTER_SECRET;
  if (index < 1) return qr;
  return [...fields.slice(0, index), secret, ...fields.slice(index + 1)].join(',');
}
