import { proto } from '@whiskeysockets/baileys';
import { nowSeconds } from '../wire/server-time.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import { newMessageId } from './message-bytes.ts';

/** A post of a newsletter. It is not encrypted. */
export function newsletterPost(
  newsletter: string,
  text: string,
): { readonly id: string; readonly stanza: Stanza } {
  const id = newMessageId();
  const post = proto.Message.encode({ conversation: text }).finish();
  const attrs = { from: newsletter, id, server_id: '100', type: 'text', t: String(nowSeconds()) };
  return { id, stanza: stanza('message', attrs, [stanza('plaintext', {}, Buffer.from(post))]) };
}
