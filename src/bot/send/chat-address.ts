import type { Addresses } from '../../core/addresses.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
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
 * Whether the bot may write to a chat without being asked: the person or group has written before, or the owner lists
 * the address, in whichever form. `jid` must be from `chatAddress`.
 */
export function mayWriteTo(
  jid: string,
  listed: readonly string[],
  messenger: Pick<Messenger, 'hasMet'>,
  addresses: Pick<Addresses, 'chatKeyOf'>,
): boolean {
  const key = addresses.chatKeyOf(jid);
  const isListed = listed.some((entry) => addresses.chatKeyOf(chatAddress(entry)) === key);
  return isListed || messenger.hasMet?.(jid) === true;
}

/** The address of a chat that the bot may write to without being asked. Throws a `Refusal` for any other. */
export function reachable(to: string, mayWrite: (jid: string) => boolean): string {
  const jid = chatAddress(to);
  if (!mayWrite(jid)) throw new Refusal(phrases.stranger);
  return jid;
}
