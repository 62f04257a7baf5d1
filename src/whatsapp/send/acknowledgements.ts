import type { BinaryNode } from '@whiskeysockets/baileys';
import type { AppError } from '../../core/errors.ts';
import { notConnected, timedOut } from './send-errors.ts';

/** WhatsApp acknowledged a message with this error. */
export class AckError extends Error {
  override readonly name = 'AckError';
  readonly code: number;

  constructor(code: number) {
    super(`WhatsApp acknowledged a message with error ${code}`);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: AppError | AckError) => void;
}

/** Waits for WhatsApp's `<ack class="message">` of each message that was sent. */
export class Acknowledgements {
  readonly #waiting = new Map<string, Waiting>();

  /** Resolves at the ack. Rejects with `AckError` if the ack has an error, with `SEND_TIMEOUT` if the signal aborts. */
  expect(id: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(timedOut());
    return new Promise<void>((resolve, reject) => {
      const onAbort = (): void => waiting.reject(timedOut());
      const settle = (finish: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        // The next try may already wait under the same id.
        if (this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        finish();
      };
      const waiting: Waiting = {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(id, waiting);
    });
  }

  received({ attrs }: BinaryNode): void {
    const waiting = this.#waiting.get(attrs.id ?? '');
    if (attrs.error) waiting?.reject(new AckError(Number(attrs.error) || 0));
    else waiting?.resolve();
  }

  /** Rejects all that wait, with `NOT_CONNECTED`: the connection is closed and will bring no ack. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(notConnected());
  }
}
