import { createCipheriv, randomBytes } from 'node:crypto';
import { hkdf, type proto } from '@whiskeysockets/baileys';

/** What is sealed under the secret of an earlier message. */
export type SecretUse = 'Message Edit' | 'Poll Vote' | 'Event Response' | 'Enc Reaction';

export interface SealedContent {
  readonly encPayload: Buffer;
  readonly encIv: Buffer;
}

/** The earlier message, and who seals something under its secret. Both people are JIDs without a device. */
export interface SecretContext {
  readonly messageId: string;
  readonly secret: Uint8Array;
  readonly originalSender: string;
  readonly modifier: string;
  readonly use: SecretUse;
}

/** The uses whose ciphertext also authenticates the message id and the modifier. */
const AUTHENTICATED: readonly SecretUse[] = ['Poll Vote', 'Event Response'];

/**
 * Seals `plaintext` under the secret of an earlier message: AES-256-GCM with a key by HKDF-SHA256 over id, original
 * sender, modifier and use. Source: whatsmeow `msgsecret.go`, oxidezap/whatsapp-rust#618.
 */
export function sealUnderSecret(plaintext: Uint8Array, context: SecretContext): SealedContent {
  const { messageId, secret, originalSender, modifier, use } = context;
  const info = `${messageId}${originalSender}${modifier}${use}`;
  const key = Buffer.from(hkdf(Buffer.from(secret), 32, { info }));
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  if (AUTHENTICATED.includes(use)) cipher.setAAD(Buffer.from(`${messageId}\0${modifier}`));
  const encPayload = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { encPayload, encIv };
}

/** Every message of a phone carries a secret, under which edits, votes and answers to it are sealed. */
export function withSecret(message: proto.IMessage): proto.IMessage {
  if (message.messageContextInfo?.messageSecret) return message;
  return {
    ...message,
    messageContextInfo: { ...message.messageContextInfo, messageSecret: randomBytes(32) },
  };
}
