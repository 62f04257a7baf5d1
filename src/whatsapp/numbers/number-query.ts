import type { BinaryNode } from '@whiskeysockets/baileys';
import { personAddress } from '../address.ts';
import { bytesOf, childOf, childrenOf } from '../stanza.ts';

/** Asks whether a number is on WhatsApp, and under which address. */
export function numberQuery(number: string, sid: string): BinaryNode {
  const usync = { sid, mode: 'query', last: 'true', index: '0', context: 'interactive' };
  return node('iq', { to: 's.whatsapp.net', type: 'get', xmlns: 'usync' }, [
    node('usync', usync, [
      node('query', {}, [node('contact'), node('lid')]),
      node('list', {}, [node('user', {}, [node('contact', {}, Buffer.from(`+${number}`))])]),
    ]),
  ]);
}

/** The account that WhatsApp names for a number. */
export interface NumberFound {
  /** Digits; null if WhatsApp knows no such account. */
  readonly number: string | null;
  /** The JIDs of the account, if the answer has both. */
  readonly addresses: { readonly pn: string; readonly lid: string } | undefined;
}

/**
 * The answer to `numberQuery(number, …)`; undefined if it does not answer it. The address of the account is `jid`,
 * which is a LID at accounts that were moved to LIDs; then `pn_jid` is the number. The text of `<contact>` repeats the
 * question.
 *
 * Sources: `IsOnWhatsApp` in `user.go` of tulir/whatsmeow, oxidezap/whatsapp-rust#453.
 */
export function readNumberAnswer(answer: BinaryNode | undefined, number: string): NumberFound | undefined {
  const [user, ...others] = childrenOf(childOf(childOf(answer, 'usync'), 'list'), 'user');
  const contact = childOf(user, 'contact');
  if (user === undefined || others.length > 0 || contact === undefined) return undefined;
  const asked = bytesOf(contact)?.toString().replace(/@.*/, '').replace(/\D/g, '');
  if (asked && asked !== number) return undefined;
  const { type } = contact.attrs;
  if (type === 'out' || type === 'invalid') return { number: null, addresses: undefined };
  if (type !== 'in') return undefined;
  const jids = [user.attrs.jid, user.attrs.pn_jid, childOf(user, 'lid')?.attrs.val];
  const pn = jids.map(personAddress).find((one) => one?.isPhoneNumber)?.user;
  const lid = jids.map(personAddress).find((one) => one?.isLid)?.user;
  const addresses = lid && { pn: `${pn ?? number}@s.whatsapp.net`, lid: `${lid}@lid` };
  return { number: pn ?? number, addresses: addresses || undefined };
}

function node(tag: string, attrs: Record<string, string> = {}, content?: BinaryNode['content']): BinaryNode {
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}
