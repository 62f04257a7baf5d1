import { type Clock, systemClock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { CloseReason } from '../connection/close-reason.ts';

/** If WhatsApp closes the connection without a reason, only messages that left this shortly before are suspects. */
const SHORTLY_MS = 3_000;

/**
 * Whether WhatsApp may have closed the connection because of a message that left `sinceMs` ago and was not
 * acknowledged. A stream error counts. A connection that WhatsApp ended without a reason counts only shortly after the
 * message, because a bad network looks the same. A close of our own does not count.
 */
export function mayBeCausedBySend(reason: CloseReason, sinceMs: number): boolean {
  if (reason.kind !== 'network') return false;
  if (isStreamError(reason)) return true;
  const isEndedByPeer = reason.statusCode === 428 || /ECONNRESET/.test(reason.message);
  return isEndedByPeer && sinceMs < SHORTLY_MS;
}

/** Whether WhatsApp said that it ends the connection. A bad network gives no such error. */
export function isStreamError(reason: CloseReason): boolean {
  return reason.kind === 'network' && reason.message.startsWith('Stream Errored');
}

/** Stream errors after messages to one chat, with no acknowledged message to it since. */
export interface ChatCloses {
  readonly count: number;
  readonly lastMs: number;
}

const CHAT = LIMITS['chats:closes'];
const FIRST_REST_MS = 10 * 60_000;

/** How long no message is sent to a chat after its last close: 0 at first, then longer with each close. */
export function restMs(count: number): number {
  if (count < CHAT.count) return 0;
  return Math.min(FIRST_REST_MS * 2 ** Math.min(count - CHAT.count, 32), CHAT.timeMs);
}

/**
 * Knows the chats whose messages may make WhatsApp close the connection, and sends suspects one at a time. A suspect is
 * a message that was on its way when WhatsApp closed a connection, or one to such a chat. Because suspects are sent one
 * at a time, the acknowledgement clears one that is not the cause, and closes are counted only for the one that is.
 */
export class CloseSuspects {
  readonly #chats = new RecentMap<ChatCloses>(LIMITS['recent:people'].count);
  readonly #clock: Pick<Clock, 'upMs'>;
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Pick<Clock, 'upMs'> = systemClock) {
    this.#clock = clock;
  }

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

  /** Counts a stream error for a chat. */
  noteClose(chat: string): void {
    const { count } = this.#chats.get(chat) ?? { count: 0 };
    this.#chats.set(chat, { count: count + 1, lastMs: this.#clock.upMs() });
  }

  /** WhatsApp has acknowledged a message to the chat. */
  noteAnswer(chat: string): void {
    this.#chats.delete(chat);
  }

  isSuspect(chat: string): boolean {
    return this.#chats.has(chat);
  }

  /** Whether no message may be sent to the chat now. */
  rests(chat: string): boolean {
    const row = this.#chats.get(chat);
    return row !== undefined && this.#clock.upMs() - row.lastMs < restMs(row.count);
  }
}
