import type { CloseReason } from '../connection/close-reason.ts';

/** If WhatsApp closes the connection without a reason, only messages that left this shortly before are suspects. */
const SHORTLY_MS = 3_000;

/**
 * Whether WhatsApp may have closed the connection because of a message that left `sinceMs` ago and was not
 * acknowledged. A stream error counts. A connection that WhatsApp ended without a word counts only shortly after the
 * message, because a bad line looks the same. What we closed ourselves does not count.
 */
export function mayBeCausedBySend(reason: CloseReason, sinceMs: number): boolean {
  if (reason.kind !== 'network') return false;
  if (reason.message.startsWith('Stream Errored')) return true;
  const isEndedByPeer = reason.statusCode === 428 || /ECONNRESET/.test(reason.message);
  return isEndedByPeer && sinceMs < SHORTLY_MS;
}

/**
 * Sends suspects one at a time. A suspect is a message that was on its way when WhatsApp closed a connection. Alone,
 * an innocent one is cleared by its acknowledgement, and only the one that closes the connection collects closes.
 */
export class SuspectQueue {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when no earlier suspect is on its way. The caller must call the result when its send has ended. */
  async enter(): Promise<() => void> {
    const before = this.#last;
    let leave: () => void = () => {};
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    return leave;
  }
}
