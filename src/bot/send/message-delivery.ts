import type { Clock } from '../../core/clock.ts';
import { AppError, isAppError, systemCode } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import type { Log } from '../../core/log.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { Content, OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { DeadlineQueue, type Timed } from '../run/deadline-queue.ts';
import { decideRetry } from './send-retry.ts';

/** The slowest upload that is waited for: half a megabit a second. */
const SLOWEST_BYTES_PER_MS = 64;

const uploadMs = (content: Content): number =>
  'data' in content ? Math.ceil(content.data.length / SLOWEST_BYTES_PER_MS) : 0;

function waitedTooLong(): AppError {
  noteLimitReached('sends:all');
  return new AppError('SEND_REFUSED', 'A message waited for days to be sent. It is not sent any more.');
}

/** Delivers single messages: tries each one under the same id until WhatsApp acknowledges or refuses it. */
export class MessageDelivery {
  readonly #messenger: Messenger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #deadlineMs: number;
  readonly #deadlines: DeadlineQueue<Timed>;
  #isStopped = false;

  /** `deadlineMs`: how long one try may take, beside the time that a file needs on a slow line. */
  constructor(messenger: Messenger, clock: Clock, log: Log, deadlineMs: number) {
    this.#messenger = messenger;
    this.#clock = clock;
    this.#log = log;
    this.#deadlineMs = deadlineMs;
    this.#deadlines = new DeadlineQueue(clock, deadlineMs);
  }

  /**
   * Resolves once WhatsApp has it. Rejects with the last try's error, with `SEND_REFUSED` if there was no connection
   * until `untilMs`, or with the signal's reason.
   */
  async deliver(message: OutgoingMessage, untilMs: number, signal: AbortSignal): Promise<void> {
    let timeouts = 0;
    for (let failures = 1; ; failures += 1) {
      if (this.#clock.now() > untilMs) throw waitedTooLong();
      try {
        return await this.#try(message);
      } catch (error) {
        signal.throwIfAborted();
        if (isAppError(error, 'SEND_TIMEOUT')) timeouts += 1;
        const decision = decideRetry(error, failures, timeouts);
        const code = systemCode(error) ?? 'UNKNOWN';
        this.#log.debug(
          { messageId: message.id, code, failures, again: decision.again },
          'could not send a message',
        );
        if (!decision.again) throw error;
        if (decision.waitMs > 0) await this.#clock.sleep(decision.waitMs, signal);
        await this.#messenger.whenOpen(signal);
      }
    }
  }

  /** Ends all tries now. */
  stop(): void {
    this.#isStopped = true;
    for (const send of [...this.#deadlines]) send.expire();
    this.#deadlines.stop();
  }

  /** Ends at the deadline even if the messenger ignores its signal. */
  #try(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const deadlineMs = this.#deadlineMs + uploadMs(message.content);
      const dueAtMs = this.#clock.now() + deadlineMs;
      const timed = {
        dueAtMs: () => dueAtMs,
        expire: () => {
          const text = `WhatsApp did not acknowledge a message within ${Math.round(deadlineMs / 1_000)} s. It is tried again.`;
          const reason = new AppError('SEND_TIMEOUT', text);
          reject(reason);
          // After a stop, the messenger must not count this as an acknowledgement that never came.
          controller.abort(this.#isStopped ? undefined : reason);
        },
      };
      this.#deadlines.add(timed);
      this.#messenger
        .send(message, controller.signal)
        .then(resolve, reject)
        .finally(() => this.#deadlines.delete(timed));
    });
  }
}
