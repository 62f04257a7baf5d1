import { setTimeout as sleep } from 'node:timers/promises';
import { isAppError } from '../core/errors.ts';
import type { Exchange } from './exchange.ts';
import { Deliveries, type Delivery } from './keyed-sends.ts';
import { readMessageRequest } from './message-request.ts';
import { Problem } from './problem.ts';
import { readBody } from './request-body.ts';
import { sendJson } from './respond.ts';
import type { SendText, StatusSource } from './status-source.ts';

export interface MessagesOptions {
  readonly status: StatusSource;
  readonly sendText: SendText;
  readonly onFailure: (messageId: string, code: string) => void;
  /** How long an answer waits for WhatsApp to have the message. */
  readonly waitMs: number;
}

/**
 * `POST /messages`: 200 once WhatsApp has the message, 202 while it is on its way. A 202 is no promise beyond the
 * life of the process: the same request again tells what became of it, and is the same message.
 */
export class Messages {
  readonly #options: MessagesOptions;
  readonly #deliveries: Deliveries;

  constructor(options: MessagesOptions) {
    this.#options = options;
    this.#deliveries = new Deliveries(options.sendText, options.onFailure);
  }

  async post({ request, response }: Exchange): Promise<void> {
    const body = await readBody(request, 'application/json');
    const message = readMessageRequest(body, request.headers['idempotency-key']?.toString());
    this.#checkSituation();
    const delivery = this.#deliveries.submit(message);
    const isSent = await this.#isSentInTime(delivery);
    const headers = delivery.isRepeated ? { 'Idempotent-Replayed': 'true' } : {};
    sendJson(response, isSent ? 200 : 202, { id: delivery.id, status: isSent ? 'sent' : 'queued' }, headers);
  }

  /** A connection that comes back is waited for; a person with a phone is not. */
  #checkSituation(): void {
    const { account, situation } = this.#options.status.snapshot();
    if (situation.kind === 'stopped') throw new Problem(503, 'The bot has stopped. Start it again.');
    if (account === undefined)
      throw new Problem(503, 'The bot is not linked to an account yet. Link it first.');
  }

  async #isSentInTime({ acknowledged }: Delivery): Promise<boolean> {
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

/** The messages of an `AppError` are made for people, and say nothing secret. */
function toProblem(error: unknown): Problem {
  if (isAppError(error, 'SEND_REFUSED')) return new Problem(502, error.message);
  if (isAppError(error)) return new Problem(503, `${error.message} Try again, with the same key.`);
  return new Problem(503, 'The bot is stopping. Try again after its next start, with the same key.');
}
