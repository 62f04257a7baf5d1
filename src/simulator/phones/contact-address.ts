import { jidDecode } from '@whiskeysockets/baileys';

/** Which of a person's two addresses a chat uses: the phone number or the LID. */
export type Addressing = 'pn' | 'lid';

export interface Contact {
  /** Digits only. */
  readonly number: string;
  /** The user part of the LID. */
  readonly lid: string;
}

/** A group as messages name it. */
export interface GroupAddress {
  readonly jid: string;
  readonly addressing: Addressing;
}

export function jidOf(contact: Contact, addressing: Addressing, device = 0): string {
  const suffix = device === 0 ? '' : `:${device}`;
  return addressing === 'pn' ? `${contact.number}${suffix}@s.whatsapp.net` : `${contact.lid}${suffix}@lid`;
}

export function userOf(jid: string | undefined): string {
  return jidDecode(jid)?.user ?? '';
}

export function deviceOf(jid: string | undefined): number {
  return jidDecode(jid)?.device ?? 0;
}

export function addressingOf(jid: string | undefined): Addressing {
  return jid?.endsWith('@lid') ? 'lid' : 'pn';
}

export function isGroup(jid: string | undefined): boolean {
  return jid?.endsWith('@g.us') ?? false;
}

export function isSameUser(a: string | undefined, b: string | undefined): boolean {
  return userOf(a) !== '' && userOf(a) === userOf(b);
}
