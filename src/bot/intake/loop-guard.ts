import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { decideLoop, type LoopEvent, type LoopLimits, type LoopMemory } from './loop-decision.ts';

/** A shorter answer ("pong") occurs in too many messages of people. */
const MIN_REPEATED = 12;
const MAX_REPEATED = 200;
/** How much of a command is kept, to find its words in the answer: the words, and a name before them. */
const MAX_KEPT = 400;

/** What is known of one sender in one chat. */
interface Sender {
  readonly memory: LoopMemory;
  /** The beginning of the last command. */
  readonly text: string;
}

/**
 * Remembers the last message of each sender and of the bot in each chat, and decides with `decideLoop`. In memory,
 * bounded.
 */
export class LoopGuard {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: LoopLimits;
  readonly #addresses: Pick<Addresses, 'chatKeyOf'>;
  readonly #senders = new RecentMap<Sender>(LIMITS['recent:people'].count / 2);
  readonly #written = new RecentMap<{ readonly atMs: number; readonly text: string }>(
    LIMITS['recent:people'].count / 2,
  );

  constructor(clock: Clock, log: Log, limits: LoopLimits, addresses: Pick<Addresses, 'chatKeyOf'>) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
    this.#addresses = addresses;
  }

  sending({ chat, content }: OutgoingMessage): void {
    const text = content.kind === 'text' ? content.text.slice(0, MAX_REPEATED) : '';
    this.#written.set(this.#addresses.chatKeyOf(chat), { atMs: this.#clock.now(), text });
  }

  /**
   * Looks at a message when it comes. What is returned counts the message, and says whether its sender is muted in this
   * chat. The message itself may begin the mute.
   */
  look(message: IncomingMessage, quotesBot: boolean): () => boolean {
    const chat = this.#addresses.chatKeyOf(message.chat);
    const written = this.#written.get(chat);
    const atMs = this.#clock.now();
    const repeatsBot =
      written !== undefined && written.text.length >= MIN_REPEATED && message.text.includes(written.text);
    return () => {
      const key = `${chat}\n${message.sender.id}`;
      const sender = this.#senders.get(key);
      const repeatsItself = written !== undefined && sender?.text.includes(written.text) === true;
      const event = { atMs, answeredAtMs: written?.atMs, quotesBot, repeatsBot, repeatsItself };
      return this.#count(message, key, sender, event);
    };
  }

  #count(message: IncomingMessage, key: string, sender: Sender | undefined, event: LoopEvent): boolean {
    const { verdict, memory } = decideLoop(sender?.memory, event, this.#limits);
    this.#senders.set(key, { memory, text: message.text.slice(0, MAX_KEPT) });
    if (verdict === 'mute') {
      const facts = { messageId: message.id, minutes: this.#limits.muteMs / 60_000 };
      this.#log.warn(
        facts,
        'a sender looks like another bot that answers this one; it is not answered in this chat for a while',
      );
    }
    return verdict !== 'pass';
  }
}
