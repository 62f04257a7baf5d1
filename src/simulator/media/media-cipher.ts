import { randomBytes } from 'node:crypto';
import {
  aesDecryptWithIV,
  aesEncrypWithIV,
  hkdf,
  hmacSign,
  MEDIA_HKDF_KEY_MAPPING,
  sha256,
} from '@whiskeysockets/baileys';

export type MediaType = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** What can be encrypted on the media host: the media of messages, and history. */
export type BlobType = MediaType | 'md-msg-hist';

/** The length of the MAC behind the ciphertext. */
const MAC_BYTES = 10;

/** The keys and hashes of a file, as its message carries them. */
export interface MediaKeys {
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

export function encryptMedia(file: Buffer, type: BlobType): { blob: Buffer; keys: MediaKeys } {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = expand(mediaKey, type);
  const ciphertext = aesEncrypWithIV(file, cipherKey, iv);
  const mac = hmacSign(Buffer.concat([iv, ciphertext]), macKey).subarray(0, MAC_BYTES);
  const blob = Buffer.concat([ciphertext, mac]);
  const keys = { mediaKey, fileSha256: sha256(file), fileEncSha256: sha256(blob), fileLength: file.length };
  return { blob, keys };
}

/** Throws if the MAC or the hash of the blob is not the one in the message. */
export function decryptMedia(blob: Buffer, type: MediaType, mediaKey: Buffer, fileSha256: Buffer): Buffer {
  const { iv, cipherKey, macKey } = expand(mediaKey, type);
  const ciphertext = blob.subarray(0, -MAC_BYTES);
  const mac = hmacSign(Buffer.concat([iv, ciphertext]), macKey).subarray(0, MAC_BYTES);
  if (!mac.equals(blob.subarray(-MAC_BYTES))) throw new Error('the MAC of the media does not fit');
  const file = aesDecryptWithIV(ciphertext, cipherKey, iv);
  if (!sha256(file).equals(fileSha256)) throw new Error('the hash of the media does not fit');
  return file;
}

function expand(mediaKey: Buffer, type: BlobType): { iv: Buffer; cipherKey: Buffer; macKey: Buffer } {
  const info = `WhatsApp ${MEDIA_HKDF_KEY_MAPPING[type]} Keys`;
  const bytes = Buffer.from(hkdf(mediaKey, 112, { info }));
  return { iv: bytes.subarray(0, 16), cipherKey: bytes.subarray(16, 48), macKey: bytes.subarray(48, 80) };
}
