import { createHash } from 'node:crypto';
import { isAppError } from '../core/errors.ts';
import type { MessageRequest } from './message-request.ts';
import { Problem } from './problem.ts';
import type { SendText } from './status-source.ts';

export interface KeyedSend {
  readonly id: string;
  /** Whether this key was seen before. */
  readonly isRepeated: boolean;
  /** Settles as the send does. */
  readonly acknowledged: Promise<void>;
}

interface Known {
  readonly id: string;
  readonly fingerprint: string;
  acknowledged: Promise<void>;
  state: 'queued' | 'sent' | 'failed';
}

/** Texts that may be on their way at a time. */
const MAX_QUEUED = 100;
/** Keys that are remembered; one that was forgotten still makes the same message id. */
const MAX_KNOWN = 10_000;

/** Hands texts over, each key once; a key whose send failed may try again. */
export class KeyedSends {
  readonly #sendText: SendText;
  readonly #onFailure: (id: string, code: string) => void;
  readonly #known = new Map<string, Known>();
  #queued = 0;

  constructor(sendText: SendText, onFailure: (id: string, code: string) => void) {
    this.#sendText = sendText;
    this.#onFailure = onFailure;
  }

  /** Throws a `Problem`: 409 if the key belongs to another message, 503 if too many are on their way. */
  submit(request: MessageRequest): KeyedSend {
    const fingerprint = createHash('sha256').update(`${request.number}\n${request.text}`).digest('base64');
    const known = this.#known.get(request.key);
    if (known !== undefined && known.fingerprint !== fingerprint) {
      throw new Problem(409, 'This key was used for another message. Take a new key for a new message.');
    }
    if (known !== undefined && known.state !== 'failed') return { ...known, isRepeated: true };
    if (this.#queued >= MAX_QUEUED) {
      const text = `${MAX_QUEUED} messages are on their way already. Try again, with the same key.`;
      throw new Problem(503, text, { 'Retry-After': '5' });
    }
    const sending = this.#sendText(request.key, request.number, request.text);
    const fresh: Known = { ...sending, fingerprint, state: 'queued' };
    this.#remember(request.key, fresh);
    this.#follow(fresh);
    return { ...fresh, isRepeated: known !== undefined };
  }

  #follow(known: Known): void {
    this.#queued += 1;
    known.acknowledged.then(
      () => {
        this.#queued -= 1;
        known.state = 'sent';
      },
      (error: unknown) => {
        this.#queued -= 1;
        known.state = 'failed';
        this.#onFailure(known.id, isAppError(error) ? error.code : 'UNKNOWN');
      },
    );
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
