import { jidDecode } from '@whiskeysockets/baileys';
import type { ChatKind } from '../core/messages/incoming-message.ts';

/**
 * WhatsApp addresses one person in two ways: by phone number (PN, `4915…@s.whatsapp.net`) and by an opaque
 * number (LID, `1234…@lid`), with or without a device (`user:7@server`).
 */
export interface Address {
  readonly user: string;
  readonly isPhoneNumber: boolean;
  readonly isLid: boolean;
}

/** The person behind a JID, whichever device of theirs; undefined for groups, lists, bots and nonsense. */
export function personAddress(jid: string | null | undefined): Address | undefined {
  const decoded = jid ? jidDecode(jid) : undefined;
  if (!decoded?.user) return undefined;
  const isPhoneNumber =
    decoded.server === 's.whatsapp.net' || decoded.server === 'c.us' || decoded.server === 'hosted';
  const isLid = decoded.server === 'lid' || decoded.server === 'hosted.lid';
  return isPhoneNumber || isLid ? { user: decoded.user, isPhoneNumber, isLid } : undefined;
}

/** The JID of a person in place of that of one of their devices. Any other JID stays as it is. */
export const withoutDevice = (jid: string): string => jid.replace(/:\d+@/, '@');

/** Phone number digits of the first of these JIDs that tells one. */
export function numberAmong(...jids: ReadonlyArray<string | null | undefined>): string | undefined {
  return jids.map(personAddress).find((address) => address?.isPhoneNumber)?.user;
}

/** The one key of a person: the phone number if it is known, else `lid:…`. */
export function personId(number: string | undefined, jid: string | null | undefined): string {
  return number ?? `lid:${personAddress(jid)?.user ?? jid ?? 'unknown'}`;
}

export function chatKind(jid: string): ChatKind {
  if (jid === 'status@broadcast') return 'status';
  const server = jid.slice(jid.lastIndexOf('@') + 1);
  if (server === 'g.us') return 'group';
  if (server === 'broadcast') return 'broadcast';
  if (server === 'newsletter') return 'newsletter';
  return personAddress(jid) ? 'direct' : 'other';
}
