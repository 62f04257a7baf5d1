import { randomBytes } from 'node:crypto';
import {
  aesEncryptCTR,
  type BinaryNode,
  bytesToCrockford,
  DEFAULT_CONNECTION_CONFIG,
  derivePairingCodeKey,
  getCompanionPlatformId,
  type WASocket,
} from '@whiskeysockets/baileys';
import { bytesOf, childOf } from '../stanza.ts';

/** What became of a request for a pairing code. */
export type CodeAnswer =
  | { readonly kind: 'accepted'; readonly code: string; readonly ref: Buffer }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unanswered' };

const SERVER = 's.whatsapp.net';

/**
 * Asks WhatsApp for a pairing code for this phone number (digits). The library's own `requestPairingCode` hands the
 * code out before WhatsApp has answered, so that a code is shown that WhatsApp has refused (Baileys#2008, #2560).
 * Rejects if the connection closes.
 *
 * Source: `requestPairingCode` in `lib/Socket/socket.js` of Baileys 7.0.0-rc14; the answers as in vinikjkkj/zapo.
 */
export async function requestCode(socket: WASocket, number: string): Promise<CodeAnswer> {
  const { creds } = socket.authState;
  const code = bytesToCrockford(randomBytes(5));
  creds.pairingCode = code;
  creds.me = { id: `${number}@${SERVER}`, name: '~' };
  socket.ev.emit('creds.update', creds);
  const wrappedKey = await wrapKey(code, Buffer.from(creds.pairingEphemeralKeyPair.public));
  const { browser } = DEFAULT_CONNECTION_CONFIG;
  const step = {
    tag: 'link_code_companion_reg',
    attrs: { jid: creds.me.id, stage: 'companion_hello', should_show_push_notification: 'true' },
    content: [
      child('link_code_pairing_wrapped_companion_ephemeral_pub', wrappedKey),
      child('companion_server_auth_key_pub', creds.noiseKey.public),
      child('companion_platform_id', getCompanionPlatformId(browser)),
      child('companion_platform_display', `${browser[1]} (${browser[0]})`),
      child('link_code_pairing_nonce', '0'),
    ],
  };
  try {
    const attrs = { to: SERVER, type: 'set', xmlns: 'md' };
    const answer: BinaryNode | undefined = await socket.query({ tag: 'iq', attrs, content: [step] });
    const ref =
      answer && bytesOf(childOf(childOf(answer, 'link_code_companion_reg'), 'link_code_pairing_ref'));
    return ref ? { kind: 'accepted', code, ref } : { kind: 'unanswered' };
  } catch (error) {
    const status = (error as { data?: unknown }).data;
    if (typeof status !== 'number') throw error;
    return { kind: 'refused', status };
  }
}

async function wrapKey(code: string, publicKey: Buffer): Promise<Buffer> {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const key = await derivePairingCodeKey(code, salt);
  return Buffer.concat([salt, iv, aesEncryptCTR(publicKey, key, iv)]);
}

const child = (tag: string, content: BinaryNode['content']): BinaryNode => ({
  tag,
  attrs: {},
  ...(content && { content }),
});
