import type { Session } from '../../session/session-store.ts';
import { chatKind, numberAmong, personAddress, personId } from '../address.ts';

/**
 * The phone number behind a LID. Baileys keeps both directions. The direction from LID to number is under
 * `LID_reverse`, and stays there when the number goes to another account: then this LID has no number.
 */
export function numberOfLid(session: Session, lid: string): string | undefined {
  const user = personAddress(lid)?.user;
  const row = `${user}_reverse`;
  const number = user ? session.get('lid-mapping', [row])[row] : undefined;
  if (typeof number !== 'string') return undefined;
  const present = session.get('lid-mapping', [number])[number];
  return present === undefined || present === user ? number : undefined;
}

/** The LID of a phone number (digits), as a JID; undefined if it is not known. */
export function lidOfNumber(session: Session, number: string): string | undefined {
  const lid = session.get('lid-mapping', [number])[number];
  return typeof lid === 'string' ? `${lid}@lid` : undefined;
}

/** One key for a chat, whichever of a person's two addresses it comes under. */
export function chatKeyOf(session: Session, chat: string): string {
  if (chatKind(chat) !== 'direct') return chat;
  return personId(numberAmong(chat) ?? numberOfLid(session, chat), chat);
}

/** Whether the account has exchanged keys with this person, under either address, or in this group. */
export function hasKeysFor(session: Session, chat: string): boolean {
  if (chatKind(chat) === 'group') return Object.keys(session.get('sender-key-memory', [chat])).length > 0;
  const address = personAddress(chat);
  if (address === undefined) return false;
  const { user } = address;
  const mapped = session.get('lid-mapping', [user, `${user}_reverse`]);
  // Baileys names the Signal session of a LID with the number of its domain, 1.
  const users = [user, ...Object.values(mapped).map(String)];
  const ids = users.flatMap((one) => [`${one}.0`, `${one}_1.0`]);
  return Object.keys(session.get('session', ids)).length > 0;
}
