import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { ignoredHow } from '../receive/ignored-stanzas.ts';

/** How a connection that looks open does no work. */
export type Deafness = 'nothing-decrypted' | 'nothing-answered';

type WorkLimit = 'work:undecrypted' | 'work:unreadable' | 'work:unanswered';

/** What a connection that has reached one of these limits fails to do. */
export const DEAFNESS: Readonly<Record<WorkLimit, Deafness>> = {
  'work:undecrypted': 'nothing-decrypted',
  'work:unreadable': 'nothing-decrypted',
  'work:unanswered': 'nothing-answered',
};

/** How many failed, and since when none of this kind has succeeded, by a clock that only goes forward. */
interface Backlog {
  readonly count: number;
  readonly sinceMs: number;
}

export interface WorkFacts {
  /** Encrypted messages that came since a decryption last ended, well or not. */
  readonly undecrypted: Backlog;
  /** Decryptions that failed since one last went well, and how many people have written since then. */
  readonly unreadable: Backlog & { readonly senders: number };
  /** Messages that the bot has and has not finished; since the last one that it finished, or the last send. */
  readonly unanswered: Backlog;
}

/** The limit that shows that a connection does no work. One person's broken Signal session alone is no reason. */
export function reachedLimit(facts: WorkFacts, nowMs: number): WorkLimit | undefined {
  const { undecrypted, unreadable, unanswered } = facts;
  const isReached = ({ count, sinceMs }: Backlog, limit: WorkLimit): boolean =>
    count >= LIMITS[limit].count && nowMs - sinceMs >= LIMITS[limit].timeMs;
  if (isReached(undecrypted, 'work:undecrypted')) return 'work:undecrypted';
  if (unreadable.senders > 1 && isReached(unreadable, 'work:unreadable')) return 'work:unreadable';
  if (isReached(unanswered, 'work:unanswered')) return 'work:unanswered';
  return undefined;
}

const FIRST_PAUSE_MS = 2 * 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** How long to wait for the next connection if this many new ones did not help. */
export const renewalPauseMs = (renewals: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(renewals - 1, 10), LONGEST_PAUSE_MS);

const SENTENCES: Readonly<Record<Deafness, string>> = {
  'nothing-decrypted': 'messages arrive and none is decrypted',
  'nothing-answered': 'messages are decrypted and none is answered',
};

const CHECK_EVERY_MS = 5_000;
const CIPHERTEXTS: ReadonlySet<string | undefined> = new Set(['msg', 'pkmsg', 'skmsg']);
/** Larger numbers count as this one. */
const MOST_SENDERS = 10;

export interface WorkWatchParts {
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Milliseconds that only go forward. */
  readonly clock: Pick<Clock, 'upMs'>;
  /** Whether a connection is open: only then work can be done. */
  readonly isOpen: () => boolean;
  /** Another connection may help. */
  readonly renew: (message: string) => void;
  /** `deafness` has changed. */
  readonly onChange: () => void;
}

/**
 * Watches whether messages that arrive are decrypted and answered. A connection can answer pings while everything in
 * it waits for something that never comes.
 */
export class WorkWatch {
  readonly #parts: WorkWatchParts;
  #timer: NodeJS.Timeout | undefined;
  #undecrypted: Backlog = { count: 0, sinceMs: 0 };
  #unreadable: Backlog = { count: 0, sinceMs: 0 };
  readonly #senders = new Set<string>();
  readonly #unanswered = new Set<string>();
  #unansweredSinceMs = 0;
  #deafness: Deafness | undefined;
  #renewals = 0;
  #nextRenewalMs = 0;

  constructor(parts: WorkWatchParts) {
    this.#parts = parts;
  }

  /** What is wrong with the open connection; undefined if nothing is. */
  get deafness(): Deafness | undefined {
    return this.#deafness;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.check(), CHECK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A connection has opened: it gets the whole time. */
  #opened(): void {
    this.#undecrypted = { count: 0, sinceMs: 0 };
    this.#unreadable = { count: 0, sinceMs: 0 };
    this.#senders.clear();
    this.#unansweredSinceMs = this.#parts.clock.upMs();
  }

  /** Must be called with each stanza that arrives. `<success>` is that of a login. */
  saw(node: BinaryNode): void {
    if (node.tag === 'success') this.#opened();
    if (node.tag !== 'message' || !Array.isArray(node.content) || ignoredHow(node) !== undefined) return;
    if (!node.content.some(({ tag, attrs }) => tag === 'enc' && CIPHERTEXTS.has(attrs.type))) return;
    this.#undecrypted = one(this.#undecrypted, this.#parts.clock.upMs());
    const sender = node.attrs.participant ?? node.attrs.from;
    if (sender && this.#senders.size < MOST_SENDERS) this.#senders.add(sender);
  }

  decrypted(): void {
    this.#undecrypted = { count: 0, sinceMs: 0 };
    this.#unreadable = { count: 0, sinceMs: 0 };
    this.#senders.clear();
    if (this.#deafness !== 'nothing-answered') this.#renewals = 0;
  }

  couldNotDecrypt(): void {
    this.#undecrypted = { count: 0, sinceMs: 0 };
    this.#unreadable = one(this.#unreadable, this.#parts.clock.upMs());
  }

  /** The bot has this message now. */
  received(key: string): void {
    if (this.#unanswered.size === 0) this.#unansweredSinceMs = this.#parts.clock.upMs();
    if (this.#unanswered.size < LIMITS['table:inbox'].count) this.#unanswered.add(key);
  }

  /** The bot has finished with this message. */
  finished(key: string): void {
    this.#unanswered.delete(key);
    this.sent();
  }

  /** WhatsApp has answered a send, with a yes or a no. */
  sent(): void {
    this.#unansweredSinceMs = this.#parts.clock.upMs();
    if (this.#deafness === 'nothing-answered') this.#renewals = 0;
  }

  /** Looks once. Called every five seconds. */
  check(): void {
    const { log, clock, isOpen, renew, onChange } = this.#parts;
    const nowMs = clock.upMs();
    const facts = this.#facts();
    const limit = isOpen() ? reachedLimit(facts, nowMs) : undefined;
    const found = limit && DEAFNESS[limit];
    const hasChanged = found !== this.#deafness;
    this.#deafness = found;
    if (found && hasChanged) {
      noteLimitReached(limit);
      const counts = {
        undecrypted: facts.undecrypted.count,
        unreadable: facts.unreadable.count,
        unanswered: facts.unanswered.count,
      };
      log.warn(counts, `The connection does no work: ${SENTENCES[found]}.`);
    }
    if (hasChanged) onChange();
    if (!found || nowMs < this.#nextRenewalMs) return;
    this.#renewals += 1;
    this.#nextRenewalMs = nowMs + renewalPauseMs(this.#renewals);
    renew(SENTENCES[found]);
  }

  #facts(): WorkFacts {
    return {
      undecrypted: this.#undecrypted,
      unreadable: { ...this.#unreadable, senders: this.#senders.size },
      unanswered: { count: this.#unanswered.size, sinceMs: this.#unansweredSinceMs },
    };
  }
}

const one = ({ count, sinceMs }: Backlog, nowMs: number): Backlog => ({
  count: count + 1,
  sinceMs: count === 0 ? nowMs : sinceMs,
});
