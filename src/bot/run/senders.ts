import type { Addresses } from '../../core/addresses.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { BotSettings } from '../bot-settings.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { isOwner } from './access.ts';
import { isAddressed } from './is-addressed.ts';

/** What is known of the sender of a message. */
export interface SenderFacts {
  readonly isOwner: boolean;
  readonly isAddressed: boolean;
}

/** Tells who the sender of a message is to the bot, by the present settings and the present answers of WhatsApp. */
export class Senders {
  readonly #settings: Pick<BotSettings, 'ownerNumbers' | 'ownIds'>;
  readonly #addresses: Addresses;
  readonly #sentIds: Pick<SentIds, 'has'>;

  constructor(
    settings: Pick<BotSettings, 'ownerNumbers' | 'ownIds'>,
    addresses: Addresses,
    sentIds: Pick<SentIds, 'has'>,
  ) {
    this.#settings = settings;
    this.#addresses = addresses;
    this.#sentIds = sentIds;
  }

  factsOf(message: IncomingMessage): SenderFacts {
    return { isOwner: this.isOwner(message), isAddressed: this.isAddressed(message) };
  }

  isOwner({ sender, isFromMe }: IncomingMessage): boolean {
    const { ownerNumbers, ownIds } = this.#settings;
    const numbers = new Set(ownerNumbers.map((typed) => this.#addresses.numberOf(typed)));
    // The number of a LID may have become known after the message was read.
    const number = sender.number ?? /^\d+$/.exec(this.#addresses.chatKeyOf(sender.jid))?.[0];
    return isOwner({ ...sender, number }, isFromMe, { numbers, ownIds: ownIds() });
  }

  isAddressed(message: IncomingMessage): boolean {
    return isAddressed(message, this.#settings.ownIds(), this.#sentIds);
  }

  /**
   * What to wait for before the facts are true, if anything: after the first start with a number, an owner's first
   * message may come before WhatsApp's answer about it.
   */
  whenKnown(message: IncomingMessage): Promise<void> | undefined {
    return this.isOwner(message) ? undefined : this.#addresses.whenNumbersAsked();
  }
}
