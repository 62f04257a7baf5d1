import type { Session } from '../session/session.ts';
import { chatKind, numberAmong, personAddress, personId } from './address.ts';

/** The phone number behind a LID. Baileys keeps LIDs both ways; the way back is under `LID_reverse`. */
export function numberOfLid(session: Session, lid: string): string | undefined {
  const user = personAddress(lid)?.user;
  const row = `${user}_reverse`;
  const number = user ? session.get('lid-mapping', [row])[row] : undefined;
  return typeof number === 'string' ? number : undefined;
}

/** One key for a chat, whichever of a person's two addresses it comes under. */
export function conversationOf(session: Session, chat: string): string {
  if (chatKind(chat) !== 'direct') return chat;
  return personId(numberAmong(chat) ?? numberOfLid(session, chat), chat);
}
