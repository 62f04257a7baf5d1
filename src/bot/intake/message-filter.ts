import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages.ts';
import { Recent } from '../../core/recent-map.ts';
import { decideAdmission, type Ignored } from './admission.ts';

/** How long old messages are counted before one line tells of all of them. */
const COUNT_MS = 2_000;
/** How many ids of its own messages the bot knows by heart. */
const OWN_IDS = 10_000;

export interface InboxOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly maxAgeMs: number;
  /** Knows the bot's own messages of earlier starts, where somebody keeps them. */
  readonly wasSent: ((messageId: string) => boolean) | undefined;
}

/** Sorts out what the bot does not look at, and says in one line how much of it was too old. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #ownIds = new Recent<true>(OWN_IDS);
  readonly #ignored: Record<Ignored, number> = {
    'not-a-chat': 0,
    'from-a-bot': 0,
    'own-send': 0,
    'too-old': 0,
  };
  #oldCount = 0;
  #counting: AbortController | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get ignored(): Readonly<Record<Ignored, number>> {
    return { ...this.#ignored };
  }

  /** Whether this id is one that the bot made. */
  isOwn(messageId: string): boolean {
    return this.#ownIds.has(messageId) || this.#options.wasSent?.(messageId) === true;
  }

  noteOwn(messageId: string): void {
    this.#ownIds.set(messageId, true);
  }

  admits(message: IncomingMessage): boolean {
    const ignored = decideAdmission(message, {
      nowMs: this.#options.clock.now(),
      maxAgeMs: this.#options.maxAgeMs,
      isOwnSend: message.isFromMe && this.isOwn(message.id),
    });
    if (ignored === undefined) return true;
    this.#ignored[ignored] += 1;
    if (ignored === 'too-old') this.#countOld();
    return false;
  }

  /** Writes the line that is still owed. */
  stop(): void {
    this.#counting?.abort();
    this.#tellOld();
  }

  #countOld(): void {
    this.#oldCount += 1;
    if (this.#counting !== undefined) return;
    this.#counting = new AbortController();
    this.#options.clock.sleep(COUNT_MS, this.#counting.signal).then(
      () => this.#tellOld(),
      () => undefined, // stop() tells
    );
  }

  #tellOld(): void {
    this.#counting = undefined;
    if (this.#oldCount === 0) return;
    const facts = { count: this.#oldCount, maxAgeSeconds: this.#options.maxAgeMs / 1_000 };
    this.#oldCount = 0;
    this.#options.log.info(facts, 'messages too old to be answered were dropped');
  }
}
