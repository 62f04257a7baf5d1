import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { decideLoop, type LoopLimits, type LoopMemory } from './loop-guard.ts';
import type { IncomingMessage, OutgoingMessage } from './ports.ts';
import { Recent } from './recent.ts';

/** Shorter answers ("pong") are found in too many honest messages. */
const MIN_REPEATED = 12;
const MAX_REPEATED = 200;

/** Remembers who said what last, and asks the loop guard. Bounded, in memory. */
export class LoopWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: LoopLimits;
  readonly #senders = new Recent<LoopMemory>(2_000);
  readonly #written = new Recent<{ readonly atMs: number; readonly text: string }>(2_000);

  constructor(clock: Clock, log: Log, limits: LoopLimits) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  noteWritten({ chat, content }: OutgoingMessage): void {
    const text = content.kind === 'text' ? content.text.slice(0, MAX_REPEATED) : '';
    this.#written.set(chat, { atMs: this.#clock.now(), text });
  }

  /** Whether the sender of this command is muted here, from this command on or already. */
  mutes(message: IncomingMessage, quotesBot: boolean): boolean {
    const key = `${message.chat}\n${message.sender.id}`;
    const written = this.#written.get(message.chat);
    const event = {
      atMs: this.#clock.now(),
      answeredAtMs: written?.atMs,
      quotesBot,
      repeatsBot:
        written !== undefined && written.text.length >= MIN_REPEATED && message.text.includes(written.text),
    };
    const { verdict, memory } = decideLoop(this.#senders.get(key), event, this.#limits);
    this.#senders.set(key, memory);
    if (verdict === 'mute') {
      const facts = { messageId: message.id, minutes: this.#limits.muteMs / 60_000 };
      this.#log.warn(
        facts,
        'another bot seems to answer this one; its sender is not answered in this chat for a while',
      );
    }
    return verdict !== 'pass';
  }
}
