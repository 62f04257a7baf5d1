import { setMaxListeners } from 'node:events';
import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS, type LimitName } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { ChatQueues } from '../chat-queues.ts';
import { memorySize } from '../memory-size.ts';
import { Interrupted } from '../run/interrupted-error.ts';
import { MessageDelivery } from './message-delivery.ts';
import { type Bucket, isFull, takeToken } from './pacing.ts';

export interface OutboxOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends per minute, over all chats and in each; 0 is no limit. */
  readonly perMinute: number;
  readonly perChatPerMinute: number;
  /** How long typing is shown before a message; 0 is not at all. */
  readonly typingDelayMs: number;
  /** How long one try may take, beside the time that a file needs on a slow line. Default 30,000. */
  readonly deadlineMs?: number;
  readonly addresses: Pick<Addresses, 'chatKeyOf'>;
  /** How many messages may wait in one chat. Default 1,000. */
  readonly maxQueued?: number;
  /** They are told before the first try of a message: from then on it may have left. */
  readonly observers: ReadonlyArray<{ sending(message: OutgoingMessage): void }>;
}

/** What a sender should wait when the queue is full. */
const QUEUE_FULL_WAIT_MS = 5_000;

/** From this number of paces in memory on, the outbox forgets those that it does not need. */
const MIN_PACES = 1_000;

/** Sends everything that the bot says: in order in each chat, and paced. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #maxQueued: number;
  readonly #queues = new ChatQueues<void>();
  /** How much each chat may send now. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #delivery: MessageDelivery;
  readonly #stop = new AbortController();
  #bucket: Bucket | undefined;
  #forgetAt = MIN_PACES;
  #queued = 0;
  #bytes = 0;
  readonly #bytesOf = new Map<string, number>();
  #sent = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? LIMITS['sends:chat'].count;
    const { messenger, clock, log, deadlineMs = 30_000 } = options;
    this.#delivery = new MessageDelivery(messenger, clock, log, deadlineMs);
    // Every chat that waits listens to it, and each removes its listener.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Messages that wait or are on their way, and messages that WhatsApp acknowledged. */
  get stats(): { readonly queued: number; readonly sent: number } {
    return { queued: this.#queued, sent: this.#sent };
  }

  /**
   * Resolves once WhatsApp has the message. Rejects with `SEND_REFUSED` if it never will (also if too many
   * messages wait in this chat), with `SEND_TIMEOUT` after five tries without an acknowledgement, and with
   * `Interrupted` when the bot stops.
   */
  send(message: OutgoingMessage): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(new Interrupted('stopping'));
    const chat = this.#options.addresses.chatKeyOf(message.chat);
    const bytes = memorySize(message.content);
    const exceeded = this.#exceeded(chat, bytes);
    if (exceeded !== undefined) {
      noteLimitReached(exceeded);
      const text = `${this.#queued} messages wait to be sent already. Send fewer, or wait for each one.`;
      return Promise.reject(new AppError('SEND_REFUSED', text, { retryAfterMs: QUEUE_FULL_WAIT_MS }));
    }
    this.#queued += 1;
    this.#bytes += bytes;
    this.#bytesOf.set(chat, (this.#bytesOf.get(chat) ?? 0) + bytes);
    const untilMs = this.#options.clock.now() + LIMITS['sends:all'].timeMs;
    return this.#queues
      .run(chat, () => this.#sendInTurn(chat, message, untilMs))
      .finally(() => this.#release(chat, bytes));
  }

  /** Rejects everything that waits or is on its way. Nothing leaves from here on. */
  stop(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Interrupted('stopping'));
    this.#delivery.stop();
  }

  async #sendInTurn(chat: string, message: OutgoingMessage, untilMs: number): Promise<void> {
    try {
      await this.#waitForPace(chat);
      await this.#showTyping(message);
      for (const observer of this.#options.observers) observer.sending(message);
      await this.#delivery.deliver(message, untilMs, this.#stop.signal);
      this.#sent += 1;
    } catch (error) {
      throw this.#stop.signal.aborted ? new Interrupted('stopping') : error;
    }
  }

  /** The limit that one more message of this size would exceed. A first message is always taken. */
  #exceeded(chat: string, bytes: number): LimitName | undefined {
    if (this.#queues.waiting(chat) >= this.#maxQueued) return 'sends:chat';
    const ofChat = this.#bytesOf.get(chat) ?? 0;
    if (ofChat > 0 && ofChat + bytes > LIMITS['sends:chat'].bytes) return 'sends:chat';
    if (this.#queued >= LIMITS['sends:all'].count) return 'sends:all';
    if (this.#bytes > 0 && this.#bytes + bytes > LIMITS['sends:all'].bytes) return 'sends:all';
    return undefined;
  }

  #release(chat: string, bytes: number): void {
    this.#queued -= 1;
    this.#bytes -= bytes;
    const left = (this.#bytesOf.get(chat) ?? 0) - bytes;
    if (left > 0) this.#bytesOf.set(chat, left);
    else this.#bytesOf.delete(chat);
  }

  async #waitForPace(chat: string): Promise<void> {
    const { clock, perMinute, perChatPerMinute } = this.#options;
    const own = takeToken(this.#buckets.get(chat), clock.now(), perChatPerMinute);
    this.#remember(chat, own.bucket);
    await this.#pause(own.waitMs);
    // Messages are taken in the order of their arrival, one from each chat at a time, so that every chat gets its turn.
    const all = takeToken(this.#bucket, clock.now(), perMinute);
    this.#bucket = all.bucket;
    await this.#pause(all.waitMs);
  }

  async #showTyping({ chat, content }: OutgoingMessage): Promise<void> {
    const { messenger, typingDelayMs } = this.#options;
    if (typingDelayMs <= 0 || content.kind === 'reaction') return;
    // A message is sent even if typing could not be shown.
    messenger.showTyping(chat, true).catch(() => undefined);
    await this.#pause(typingDelayMs);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await this.#options.clock.sleep(ms, this.#stop.signal);
    this.#stop.signal.throwIfAborted();
  }

  #remember(chat: string, bucket: Bucket): void {
    if (!this.#buckets.has(chat) && this.#buckets.size >= this.#forgetAt) this.#forgetIdle();
    this.#buckets.set(chat, bucket);
  }

  /** Forgets chats without waiting messages whose bucket is full: a new bucket allows them the same. */
  #forgetIdle(): void {
    const { clock, perChatPerMinute } = this.#options;
    const now = clock.now();
    for (const [chat, bucket] of this.#buckets) {
      if (!this.#queues.isBusy(chat) && isFull(bucket, now, perChatPerMinute)) this.#buckets.delete(chat);
    }
    this.#forgetAt = Math.max(MIN_PACES, this.#buckets.size * 2);
  }
}
