import { setTimeout as sleep } from 'node:timers/promises';
import { isAppError } from '../../core/errors.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Exchange } from '../exchange.ts';
import { Problem } from '../problem.ts';
import { sendJson } from '../respond.ts';
import type { SendText, StatusSource } from '../status/status-source.ts';
import { isFinal, type KeyedSend, KeyedSends } from './keyed-sends.ts';
import type { KnownKeys } from './known-keys.ts';
import { type MessageRequest, readMessageRequest } from './message-request.ts';
import { readBody } from './request-body.ts';

export interface PostMessagesOptions {
  readonly status: StatusSource;
  readonly sendText: SendText;
  readonly keys: KnownKeys;
  readonly log: Pick<Logger, 'warn'>;
  /** How long an answer waits for WhatsApp to have the message. */
  readonly waitMs: number;
}

/** What a caller should wait after an error that names no wait. */
const DEFAULT_RETRY_MS = 5_000;

/**
 * `POST /messages`: 200 once WhatsApp has the message, 202 while it is on its way. A message that
 * got 202 is lost if the process ends: the same request again tells what became of it, and is the same message.
 */
export class PostMessages {
  readonly #options: PostMessagesOptions;
  readonly #sends: KeyedSends;

  constructor(options: PostMessagesOptions) {
    this.#options = options;
    this.#sends = new KeyedSends(options.sendText, options.keys, options.log);
  }

  async post({ request, response }: Exchange): Promise<void> {
    const body = await readBody(request, 'application/json');
    const message = readMessageRequest(body, request.headers['idempotency-key']?.toString());
    this.#checkSituation();
    const send = await this.#submit(message);
    const isSent = await this.#isSentInTime(send);
    const headers = send.isRepeated ? { 'Idempotent-Replayed': 'true' } : {};
    sendJson(response, isSent ? 200 : 202, { id: send.id, status: isSent ? 'sent' : 'queued' }, headers);
  }

  /** Waits for a connection to come back, but not for a person to link the bot. */
  #checkSituation(): void {
    const { account, situation } = this.#options.status.snapshot();
    if (situation.kind === 'stopped') throw new Problem(503, 'The bot has stopped. Start it again.');
    if (account === undefined)
      throw new Problem(503, 'The bot is not linked to an account yet. Link it first.');
  }

  async #submit(message: MessageRequest): Promise<KeyedSend> {
    try {
      return await this.#sends.submit(message);
    } catch (error) {
      throw error instanceof Problem ? error : toProblem(error);
    }
  }

  async #isSentInTime({ acknowledged }: KeyedSend): Promise<boolean> {
    const over = new AbortController();
    const late = sleep(this.#options.waitMs, false, { signal: over.signal, ref: false });
    try {
      return await Promise.race([acknowledged.then(() => true), late.catch(() => false)]);
    } catch (error) {
      throw toProblem(error);
    } finally {
      over.abort();
    }
  }
}

/** The message of an `AppError` is for the caller: it has no secret in it. */
function toProblem(error: unknown): Problem {
  if (!isAppError(error))
    return new Problem(503, 'The bot is stopping. Try again after its next start, with the same key.');
  const { message, retryAfterMs, whatsappCode } = error;
  const details = whatsappCode === undefined ? {} : { whatsappCode };
  if (isFinal(error)) return new Problem(502, message, {}, details);
  const seconds = Math.ceil((retryAfterMs ?? DEFAULT_RETRY_MS) / 1000);
  const headers = { 'Retry-After': String(seconds) };
  return new Problem(503, `${message} Try again, with the same key.`, headers, details);
}
