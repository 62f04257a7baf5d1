import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Messenger, OutgoingMessage } from '../../core/messages.ts';
import { Interrupted } from '../run/interrupted.ts';
import { Courier } from './delivery.ts';
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
  /** What counts as one chat. Default: each address is one. */
  readonly conversationOf?: (chat: string) => string;
  /** How many messages may wait in one chat. Default 1,000. */
  readonly maxQueued?: number;
  /** Called before each first try: from here on the message may have left. */
  readonly onSending: (message: OutgoingMessage) => void;
}

interface Entry {
  readonly message: OutgoingMessage;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One chat: its messages leave one after the other. */
interface Lane {
  readonly queue: Entry[];
  isRunning: boolean;
  bucket: Bucket | undefined;
}

/** So many chats are remembered before the first look for some to forget. */
const MIN_LANES = 1_000;

/** Everything that the bot says leaves here: in order in each chat, and paced. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #maxQueued: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #courier: Courier;
  readonly #stop = new AbortController();
  #bucket: Bucket | undefined;
  #forgetAt = MIN_LANES;
  #queued = 0;
  #sent = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? 1_000;
    const { messenger, clock, log, deadlineMs = 30_000 } = options;
    this.#courier = new Courier(messenger, clock, log, deadlineMs);
    // Every chat that waits listens to it, and each takes its listener away again.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Messages that wait or are on their way, and messages that WhatsApp acknowledged. */
  get stats(): { readonly queued: number; readonly sent: number } {
    return { queued: this.#queued, sent: this.#sent };
  }

  /**
   * Resolves once WhatsApp has the message. Rejects with `SEND_REFUSED` where it never will (also where too
   * many messages wait in this chat), with `SEND_TIMEOUT` after five tries without an acknowledgement, and
   * with `Interrupted` when the bot stops.
   */
  send(message: OutgoingMessage): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(new Interrupted('stopping'));
    const { conversationOf } = this.#options;
    const lane = this.#lane(conversationOf ? conversationOf(message.chat) : message.chat);
    if (lane.queue.length >= this.#maxQueued) {
      const text = `${this.#maxQueued} messages wait in this chat already. Send fewer, or wait for each one.`;
      return Promise.reject(new AppError('SEND_REFUSED', text));
    }
    return new Promise((resolve, reject) => {
      lane.queue.push({ message, resolve, reject });
      this.#queued += 1;
      if (!lane.isRunning) void this.#run(lane);
    });
  }

  /** Rejects everything that waits or is on its way. Nothing leaves from here on. */
  stop(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Interrupted('stopping'));
    this.#courier.stop();
  }

  /** Never rejects: each entry hears of its own failure. */
  async #run(lane: Lane): Promise<void> {
    lane.isRunning = true;
    for (let entry = lane.queue.shift(); entry !== undefined; entry = lane.queue.shift()) {
      try {
        await this.#send(lane, entry.message);
        this.#sent += 1;
        entry.resolve();
      } catch (error) {
        entry.reject(this.#stop.signal.aborted ? new Interrupted('stopping') : error);
      }
      this.#queued -= 1;
    }
    lane.isRunning = false;
  }

  async #send(lane: Lane, message: OutgoingMessage): Promise<void> {
    const { perMinute, perChatPerMinute, typingDelayMs, onSending } = this.#options;
    const own = takeToken(lane.bucket, this.#options.clock.now(), perChatPerMinute);
    lane.bucket = own.bucket;
    await this.#pause(own.waitMs);
    // Taken in the order of arrival, one a chat at a time: no chat starves another.
    const all = takeToken(this.#bucket, this.#options.clock.now(), perMinute);
    this.#bucket = all.bucket;
    await this.#pause(all.waitMs);
    if (typingDelayMs > 0 && message.content.kind !== 'reaction') {
      // For show: nobody waits for it, and its failure is no failure of the message.
      this.#options.messenger.showTyping(message.chat, true).catch(() => undefined);
      await this.#pause(typingDelayMs);
    }
    onSending(message);
    await this.#courier.deliver(message, this.#stop.signal);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await this.#options.clock.sleep(ms, this.#stop.signal);
    this.#stop.signal.throwIfAborted();
  }

  #lane(chat: string): Lane {
    let lane = this.#lanes.get(chat);
    if (lane === undefined) {
      if (this.#lanes.size >= this.#forgetAt) this.#forgetIdle();
      lane = { queue: [], isRunning: false, bucket: undefined };
      this.#lanes.set(chat, lane);
    }
    return lane;
  }

  /** Lets go of chats at rest whose pace is back at its start; the rest stays, so that nobody gains by it. */
  #forgetIdle(): void {
    const { clock, perChatPerMinute } = this.#options;
    const now = clock.now();
    for (const [chat, lane] of this.#lanes) {
      if (!lane.isRunning && isFull(lane.bucket, now, perChatPerMinute)) this.#lanes.delete(chat);
    }
    this.#forgetAt = Math.max(MIN_LANES, this.#lanes.size * 2);
  }
}
