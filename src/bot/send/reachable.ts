import type { Messenger } from '../../core/messenger.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';

/** The JID for a JID or a phone number. Throws a `Refusal` if it is neither. */
export function chatAddress(to: string): string {
  const digits = to.replace(/^\+/, '');
  const jid = /^\d{5,20}$/.test(digits) ? `${digits}@s.whatsapp.net` : to;
  if (!/^[\w.-]+@(?:s\.whatsapp\.net|lid|g\.us)$/.test(jid)) throw new Refusal(phrases.badAddress);
  return jid;
}

/**
 * The address of a chat that the bot may write to without being asked: of a person or group that has written before, or
 * that the owner lists, in whichever form of the address. Throws a `Refusal` for any other.
 */
export function reachable(
  to: string,
  listed: readonly string[],
  messenger: Messenger,
  conversationOf: (chat: string) => string = (chat) => chat,
): string {
  const jid = chatAddress(to);
  const key = conversationOf(jid);
  const isListed = listed.some((entry) => conversationOf(chatAddress(entry)) === key);
  if (!isListed && messenger.hasMet?.(jid) !== true) throw new Refusal(phrases.stranger);
  return jid;
}
