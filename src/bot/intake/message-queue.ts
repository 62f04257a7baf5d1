import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import { isTemporary } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS, type LimitName } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { noteOutcome, noteTime } from '../../core/messages/message-records.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { ChatQueues } from '../chat-queues.ts';
import { memorySize } from '../memory-size.ts';
import type { RunResult } from '../run/run-result.ts';
import { safeError } from '../run/safe-error.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { CommandBudget } from './command-budget.ts';
import type { LoopGuard } from './loop-guard.ts';

export interface MessageQueueOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly loops: LoopGuard;
  readonly addresses: Pick<Addresses, 'chatKeyOf'>;
  readonly sentIds: Pick<SentIds, 'has'>;
}

export interface QueueCounts {
  /** Commands of senders that `LoopGuard` muted. */
  readonly muted: number;
  /** Commands that were dropped because too many waited. */
  readonly overflowed: number;
}

/** A limit that was reached is logged once in this time. */
const WARN_EVERY_MS = 60 * 60_000;
/** Replaces the promise of a message whose work has ended: that promise keeps all objects of the work in memory. */
const DONE: Promise<RunResult> = Promise.resolve('done');

/** Runs what is to be done for each message: once, in the order of its chat, and within the limits of what may wait. */
export class MessageQueue {
  readonly #options: MessageQueueOptions;
  readonly #queues = new ChatQueues<RunResult>();
  readonly #seen = new RecentMap<Promise<RunResult>>(LIMITS['recent:messages'].count / 2);
  readonly #budget = new CommandBudget();
  /** How many messages of a person wait or run in a chat. */
  readonly #working = new Map<string, number>();
  readonly #warnedAtMs = new Map<LimitName, number>();
  readonly #counts = { muted: 0, overflowed: 0 };
  #isClosed = false;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  get counts(): QueueCounts {
    return this.#counts;
  }

  /** Starts no work from here on; what waits stays unfinished. Resolves when the running work has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#queues.whenIdle();
  }

  /** What becomes of a message that came before. */
  resultOf(message: IncomingMessage): Promise<RunResult> | undefined {
    return this.#seen.get(message.key);
  }

  /** The key of the message's chat. */
  chatOf({ chat }: IncomingMessage): string {
    return this.#options.addresses.chatKeyOf(chat);
  }

  /** Whether something of this person waits or runs in this chat: a question may come next. */
  hasWorkOf(message: IncomingMessage): boolean {
    return this.#working.has(this.#workKey(message));
  }

  /** Runs work of the bot itself in the order of a chat. */
  inOrder(chat: string, work: () => Promise<RunResult>): void {
    const { addresses, log } = this.#options;
    void this.#queues
      .run(addresses.chatKeyOf(chat), async () => (this.#isClosed ? 'unfinished' : work()))
      .catch((error: unknown) =>
        log.error({ err: safeError(error, '') }, 'could not continue a conversation'),
      );
  }

  /**
   * Runs `work` in the order of the chat. Undefined, and nothing runs, if too much waits already or the sender is
   * muted.
   */
  run(
    message: IncomingMessage,
    work: (isMuted: () => boolean) => Promise<RunResult>,
    isAnswer = false,
  ): Promise<RunResult> | undefined {
    const chat = this.chatOf(message);
    const weight = { chat, person: message.sender.id, bytes: memorySize(message) };
    const exceeded = this.#budget.add(weight);
    if (exceeded !== undefined) {
      noteOutcome(message.key, 'dropped', exceeded);
      this.#overflow(exceeded);
      return undefined;
    }
    const isMuted = this.#look(message);
    // An answer was asked for, so it is no sign of a loop. Whether it is one, `work` knows.
    if (!isAnswer && isMuted()) {
      this.#budget.remove(weight);
      return undefined;
    }
    const queuedAtMs = this.#options.clock.now();
    const workKey = this.#workKey(message);
    this.#working.set(workKey, (this.#working.get(workKey) ?? 0) + 1);
    const handling = this.#queues.run(chat, async () => {
      try {
        const result = await this.#inTurn(message, queuedAtMs, () => work(isMuted));
        if (result === 'done') this.#seen.set(message.key, DONE);
        return result;
      } finally {
        this.#budget.remove(weight);
        const left = (this.#working.get(workKey) ?? 1) - 1;
        if (left > 0) this.#working.set(workKey, left);
        else this.#working.delete(workKey);
      }
    });
    this.#seen.set(message.key, handling);
    return handling;
  }

  async #inTurn(
    message: IncomingMessage,
    queuedAtMs: number,
    work: () => Promise<RunResult>,
  ): Promise<RunResult> {
    if (this.#isClosed) return 'unfinished';
    noteTime(message.key, 'waitedMs', this.#options.clock.now() - queuedAtMs);
    if (this.#options.clock.now() - queuedAtMs > LIMITS['commands:chat'].timeMs) {
      noteOutcome(message.key, 'dropped', 'commands:chat');
      this.#overflow('commands:chat');
      return 'done';
    }
    try {
      const result = await work();
      // If the message is handed over again, that is the next try and not a duplicate.
      if (result === 'unfinished') this.#seen.delete(message.key);
      return result;
    } catch (error) {
      const facts = { messageId: message.id, err: safeError(error, message.text) };
      // A full disk: an answer that is not stored was not given yet.
      const isLater = isTemporary(error);
      if (isLater) this.#seen.delete(message.key);
      noteOutcome(message.key, isLater ? 'put-off' : 'failed');
      this.#options.log.error(facts, `could not finish a command${isLater ? ' yet; it is tried again' : ''}`);
      return isLater ? 'unfinished' : 'done';
    }
  }

  /** What is returned says whether `LoopGuard` mutes the sender in this chat, and counts the message as muted if so. */
  #look(message: IncomingMessage): () => boolean {
    const { sentIds, loops } = this.#options;
    const quotesBot = message.quoted !== undefined && sentIds.has(message.quoted.id);
    const mutes = loops.look(message, quotesBot);
    return () => mutes() && this.#countMuted(message);
  }

  #countMuted(message: IncomingMessage): boolean {
    this.#counts.muted += 1;
    noteOutcome(message.key, 'loop');
    return true;
  }

  /** Drops the command: too many wait already. */
  #overflow(limit: LimitName): void {
    this.#counts.overflowed += 1;
    noteLimitReached(limit);
    const now = this.#options.clock.now();
    if (now - (this.#warnedAtMs.get(limit) ?? Number.NEGATIVE_INFINITY) < WARN_EVERY_MS) return;
    this.#warnedAtMs.set(limit, now);
    this.#options.log.warn({ limit }, 'too many commands wait; the newest are dropped');
  }

  #workKey(message: IncomingMessage): string {
    return `${this.chatOf(message)}\n${message.sender.id}`;
  }
}
