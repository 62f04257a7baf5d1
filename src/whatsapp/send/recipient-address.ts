import { RecentMap } from '../../core/recent-map.ts';
import type { Session } from '../../session/session.ts';
import { personAddress } from '../address.ts';

/** What decides about the address of a message. */
export interface AddressFacts {
  /** The LID of the person, if the chat is a phone number and its LID is known. */
  readonly lid: string | undefined;
  /** Whether the message answers one that came from this address. */
  readonly isReply: boolean;
  /** Whether WhatsApp has refused a message to the phone number (463). */
  readonly isNumberRefused: boolean;
}

/**
 * The address that a message is sent to. A reply goes to the address that the person wrote from. Everything else goes
 * to the LID if it is known: WhatsApp refuses the phone number of a person who was moved to a LID (error 463).
 */
export function chooseAddress(chat: string, { lid, isReply, isNumberRefused }: AddressFacts): string {
  return lid !== undefined && (!isReply || isNumberRefused) ? lid : chat;
}

const REMEMBERED = 1_000;

/** Resolves the address of each message when it is sent, for replies, reminders, notices and `POST /messages` alike. */
export class RecipientAddresses {
  readonly #session: Session;
  readonly #refusedNumbers = new RecentMap<true>(REMEMBERED);

  constructor(session: Session) {
    this.#session = session;
  }

  /** `repliesTo`: the chat of the message that is answered, if there is one. */
  resolve(chat: string, repliesTo: string | undefined): string {
    return chooseAddress(chat, {
      lid: this.lidOf(chat),
      isReply: repliesTo === chat,
      isNumberRefused: this.#refusedNumbers.has(chat),
    });
  }

  /** WhatsApp refused a message to this address. */
  noteRefused(chat: string): void {
    this.#refusedNumbers.set(chat, true);
  }

  /** The LID of a phone number; undefined if the chat is none, is the own account, or if the LID is not known. */
  lidOf(chat: string): string | undefined {
    const address = personAddress(chat);
    if (!address?.isPhoneNumber || address.user === personAddress(this.#session.creds.me?.id)?.user)
      return undefined;
    const lid = this.#session.get('lid-mapping', [address.user])[address.user];
    return typeof lid === 'string' ? `${lid}@lid` : undefined;
  }
}
