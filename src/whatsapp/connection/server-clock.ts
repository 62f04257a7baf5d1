import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';

/** A smaller difference is ignored, because stanzas are dated in seconds and take time to arrive. */
const SAME_WITHIN_MS = 60_000;

/**
 * WhatsApp's clock, as each login tells it. Messages are dated by it; on a machine that is a day ahead all of them
 * would be too old to be answered.
 */
export class ServerClock {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #clock: Pick<Clock, 'now'>;
  #aheadMs = 0;

  constructor(log: Pick<Logger, 'warn'>, clock: Pick<Clock, 'now'>) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Any stanza; a login's answer says what time it is. */
  saw({ tag, attrs }: BinaryNode): void {
    const atMs = tag === 'success' ? Number(attrs.t) * 1000 : 0;
    if (!(atMs > 0)) return;
    const aheadMs = this.#clock.now() - atMs;
    const isSame = Math.abs(aheadMs) < SAME_WITHIN_MS;
    const isNews = Math.abs(aheadMs - this.#aheadMs) >= SAME_WITHIN_MS;
    this.#aheadMs = isSame ? 0 : aheadMs;
    if (isSame || !isNews) return;
    const minutes = Math.round(Math.abs(aheadMs) / 60_000);
    this.#log.warn(
      { aheadMs },
      `The clock of this machine is ${minutes} minutes ${aheadMs > 0 ? 'ahead of' : 'behind'} WhatsApp's. ` +
        "The bot takes the age of messages from WhatsApp's clock. Correct this one, because everything else uses it.",
    );
  }

  /** A moment that WhatsApp dates, by this machine's clock. */
  localMs(seconds: number): number {
    return seconds * 1000 + this.#aheadMs;
  }
}
