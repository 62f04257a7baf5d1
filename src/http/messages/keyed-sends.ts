import { isAppError } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { shortHash } from '../../core/short-hash.ts';
import type { Logger } from '../../logging/logger.ts';
import { Problem } from '../problem.ts';
import type { Sending, SendText } from '../status/status-source.ts';
import type { KnownKeys } from './known-keys.ts';
import type { MessageRequest } from './message-request.ts';

export interface KeyedSend extends Sending {
  /** Whether this key was seen before, by this process or by an earlier one. */
  readonly isRepeated: boolean;
}

interface Known {
  readonly fingerprint: string;
  readonly sending: Promise<Sending>;
  /** `refused` is final: the key gets the same answer again. A key whose send `failed` may try again. */
  state: 'queued' | 'sent' | 'failed' | 'refused';
}

const { count: MAX_QUEUED } = LIMITS['http:sends'];
const { count: MAX_KNOWN } = LIMITS['table:http-keys'];

/** Sends texts, each key once. */
export class KeyedSends {
  readonly #sendText: SendText;
  readonly #keys: KnownKeys;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #known = new Map<string, Known>();
  #queued = 0;

  constructor(sendText: SendText, keys: KnownKeys, log: Pick<Logger, 'warn'>) {
    this.#sendText = sendText;
    this.#keys = keys;
    this.#log = log;
  }

  /**
   * Resolves when the text is on its way. Rejects with a `Problem`: 409 if the key belongs to another message, 503 if
   * too many are on their way; with `STORAGE_FAILED` if the key could not be stored.
   */
  async submit(request: MessageRequest): Promise<KeyedSend> {
    const { key, number, text } = request;
    const fingerprint = shortHash(`${number}\n${text}`);
    const known = this.#known.get(key);
    const before = known?.fingerprint ?? this.#keys.fingerprintOf(key);
    if (before !== undefined && before !== fingerprint) {
      throw new Problem(409, 'This key was used for another message. Take a new key for a new message.');
    }
    if (known !== undefined && known.state !== 'failed')
      return { ...(await known.sending), isRepeated: true };
    if (this.#queued >= MAX_QUEUED) {
      noteLimitReached('http:sends');
      const tooMany = `${MAX_QUEUED} messages are on their way already. Try again, with the same key.`;
      throw new Problem(503, tooMany, { 'Retry-After': '5' });
    }
    const fresh: Known = { fingerprint, sending: this.#begin(request, fingerprint), state: 'queued' };
    this.#remember(key, fresh);
    void this.#follow(fresh);
    return { ...(await fresh.sending), isRepeated: before !== undefined };
  }

  /** The key must be on the disk before the text leaves: else another text could get its id after a crash. */
  async #begin({ key, number, text }: MessageRequest, fingerprint: string): Promise<Sending> {
    await this.#keys.remember(key, fingerprint);
    return this.#sendText(key, number, text);
  }

  async #follow(known: Known): Promise<void> {
    this.#queued += 1;
    let messageId = '';
    try {
      const sending = await known.sending;
      messageId = sending.id;
      await sending.acknowledged;
      known.state = 'sent';
    } catch (error) {
      known.state = isFinal(error) ? 'refused' : 'failed';
      const code = isAppError(error) ? error.code : 'UNKNOWN';
      this.#log.warn({ messageId, code }, 'could not send a message of POST /messages');
    } finally {
      this.#queued -= 1;
    }
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size <= MAX_KNOWN) return;
    for (const [oldKey, { state }] of this.#known) {
      if (state === 'queued') continue;
      this.#known.delete(oldKey);
      return;
    }
  }
}

/** Whether the same message would get the same answer again. If the bot's own queue is full, the caller must wait. */
export const isFinal = (error: unknown): boolean =>
  isAppError(error, 'SEND_REFUSED') && error.retryAfterMs === undefined;
