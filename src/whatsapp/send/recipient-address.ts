import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { Session } from '../../session/session-store.ts';
import { personAddress } from '../address.ts';
import { lidOfNumber } from '../numbers/lid-numbers.ts';
import type { NumberSocket, TypedNumbers } from '../numbers/typed-numbers.ts';

/** What decides about the address of a message. */
export interface AddressFacts {
  /** The LID of the person, if the chat is a phone number and its LID is known. */
  readonly lid: string | undefined;
  /** Whether the message answers one that came from this address. */
  readonly isReply: boolean;
  /** Which of the two addresses WhatsApp has refused last: the number with error 463, the LID with error 400. */
  readonly refused: 'number' | 'lid' | undefined;
}

/**
 * The address that a message is sent to. A reply goes to the address that the person wrote from. Everything else goes
 * to the LID if it is known: WhatsApp refuses the phone number of a person who was moved to a LID (error 463), and the
 * LID if the account itself was not moved (error 400, oxidezap/whatsapp-rust#941).
 */
export function chooseAddress(chat: string, { lid, isReply, refused }: AddressFacts): string {
  if (lid === undefined || refused === 'lid') return chat;
  return !isReply || refused === 'number' ? lid : chat;
}

/** Resolves the address of each message when it is sent, for replies, reminders, notices and `POST /messages` alike. */
export class RecipientAddresses {
  readonly #session: Session;
  readonly #numbers: Pick<TypedNumbers, 'lookUpChat'> | undefined;
  readonly #refused = new RecentMap<'number' | 'lid'>(LIMITS['recent:people'].count / 2);

  /** Without `numbers`, a number counts as it is typed. */
  constructor(session: Session, numbers?: Pick<TypedNumbers, 'lookUpChat'>) {
    this.#session = session;
    this.#numbers = numbers;
  }

  /**
   * The chat, which may have a number that somebody typed, with the number under which WhatsApp knows the person. A
   * chat that a message came from needs no look-up.
   */
  async lookUp(chat: string, repliesTo: string | undefined, socket: NumberSocket): Promise<string> {
    return chat === repliesTo ? chat : ((await this.#numbers?.lookUpChat(chat, socket)) ?? chat);
  }

  /** `repliesTo`: the chat of the message that is answered, if there is one. */
  resolve(chat: string, repliesTo: string | undefined): string {
    return chooseAddress(chat, {
      lid: this.lidOf(chat),
      isReply: repliesTo === chat,
      refused: this.#refused.get(chat),
    });
  }

  /** WhatsApp refused a message to this person under this kind of address. */
  noteRefused(chat: string, address: 'number' | 'lid'): void {
    this.#refused.set(chat, address);
  }

  /** The LID of a phone number; undefined if the chat is no number, is the own account, or if the LID is not known. */
  lidOf(chat: string): string | undefined {
    const address = personAddress(chat);
    const { me } = this.#session.creds;
    // Without an own LID the own devices would be addressed by number, which WhatsApp does not accept (error 400).
    if (!address?.isPhoneNumber || !me?.lid || address.user === personAddress(me.id)?.user) return undefined;
    return lidOfNumber(this.#session, address.user);
  }
}
