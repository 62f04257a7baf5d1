import type { BinaryNode } from '@whiskeysockets/baileys';
import { AppError, messageOf } from '../../core/errors.ts';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/** Waits for WhatsApp's `<ack class="message">` of each message that was sent. */
export class Acks {
  readonly #waiting = new Map<string, Waiting>();

  /** Resolves at the ack. Rejects with `SEND_REFUSED` if the ack has an error, with `SEND_TIMEOUT` if the signal aborts. */
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
    if (!attrs.error) {
      waiting?.resolve();
      return;
    }
    waiting?.reject(
      new AppError(
        'SEND_REFUSED',
        `WhatsApp refused a message (error ${attrs.error}). It is not sent again.`,
      ),
    );
  }

  /** Rejects all that wait, with `NOT_CONNECTED`: the connection is closed and will bring no ack. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(notConnected());
  }
}

export const timedOut = (): AppError =>
  new AppError(
    'SEND_TIMEOUT',
    'WhatsApp did not acknowledge a message in time. It is sent again under the same id.',
  );

/** The library could not send the message although the connection is open. */
export const notSent = (cause: unknown): AppError =>
  new AppError(
    'SEND_TIMEOUT',
    `A message could not be sent (${messageOf(cause)}). It is tried again a few times, under the same id.`,
    { cause },
  );

export const notConnected = (cause?: unknown): AppError =>
  new AppError(
    'NOT_CONNECTED',
    'There is no connection to WhatsApp. The message goes out after the next connect.',
    {
      cause,
    },
  );
