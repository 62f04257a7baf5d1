import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { noteOutcome } from '../../core/messages/message-records.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { decideAdmission, type Ignored } from './admission.ts';

/** How long old messages are counted before one log line reports them. */
const COUNT_MS = 2_000;

export interface MessageFilterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly maxAgeMs: number;
  readonly sentIds: Pick<SentIds, 'has'>;
}

/** Ignores messages that cannot be for the bot, and logs in one line how many were too old. */
export class MessageFilter {
  readonly #options: MessageFilterOptions;
  readonly #ignored: Record<Ignored, number> = {
    'not-a-chat': 0,
    'from-a-bot': 0,
    'own-send': 0,
    'too-old': 0,
  };
  #oldCount = 0;
  #counting: AbortController | undefined;

  constructor(options: MessageFilterOptions) {
    this.#options = options;
  }

  get ignored(): Readonly<Record<Ignored, number>> {
    return { ...this.#ignored };
  }

  /** `ignoresAge`: an answer to an open question counts however long the bot was away. */
  admits(message: IncomingMessage, ignoresAge = false): boolean {
    const ignored = decideAdmission(message, {
      nowMs: this.#options.clock.now(),
      maxAgeMs: ignoresAge ? Number.POSITIVE_INFINITY : this.#options.maxAgeMs,
      isOwnSend: message.isFromMe && this.#options.sentIds.has(message.id),
    });
    if (ignored === undefined) return true;
    this.#ignored[ignored] += 1;
    noteOutcome(message.key, ignored === 'too-old' ? 'too-old' : 'ignored', ignored);
    if (ignored === 'too-old') this.#countOld();
    return false;
  }

  /** Writes the log line for the messages that were counted and not yet reported. */
  stop(): void {
    this.#counting?.abort();
    this.#reportOld();
  }

  #countOld(): void {
    this.#oldCount += 1;
    if (this.#counting !== undefined) return;
    this.#counting = new AbortController();
    this.#options.clock.sleep(COUNT_MS, this.#counting.signal).then(
      () => this.#reportOld(),
      () => undefined, // stop() writes the line
    );
  }

  #reportOld(): void {
    this.#counting = undefined;
    if (this.#oldCount === 0) return;
    const facts = { count: this.#oldCount, maxAgeSeconds: this.#options.maxAgeMs / 1_000 };
    this.#oldCount = 0;
    this.#options.log.info(facts, 'messages too old to be answered were dropped');
  }
}
