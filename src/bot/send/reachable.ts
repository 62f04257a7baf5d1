import type { Messenger } from '../../core/messenger.ts';
import { Refusal } from '../refusal.ts';

/** The JID for a JID or a phone number. Throws a `Refusal` if it is neither. */
export function chatAddress(to: string): string {
  const digits = to.replace(/^\+/, '');
  const jid = /^\d{5,20}$/.test(digits) ? `${digits}@s.whatsapp.net` : to;
  if (!/^[\w.-]+@(?:s\.whatsapp\.net|lid|g\.us)$/.test(jid))
    throw new Refusal(`I cannot write to that address.`);
  return jid;
}

/**
 * The address of a chat that the bot may write to without being asked: of a person or group that has written before, or
 * that the owner lists. Throws a `Refusal` for any other.
 */
export function reachable(to: string, listed: readonly string[], messenger: Messenger): string {
  const jid = chatAddress(to);
  const isListed = listed.includes(jid) || listed.includes(jid.split('@', 1)[0] ?? '');
  if (!isListed && messenger.hasMet?.(jid) !== true)
    throw new Refusal('I may not write to someone who has never written to me.');
  return jid;
}
