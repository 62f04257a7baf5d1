import { type Clock, systemClock } from '../../core/clock.ts';
import type { Logger } from '../../logging/logger.ts';

const EVERY_MS = 60_000;

/** Logs that wrong tokens were presented: the first one at once, then one line a minute with their number. */
export class RefusedTokenLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #clock: Pick<Clock, 'upMs'>;
  #count = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Pick<Logger, 'warn'>, clock: Pick<Clock, 'upMs'> = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  add(): void {
    this.#count += 1;
    const now = this.#clock.upMs();
    if (now - this.#toldAtMs < EVERY_MS) return;
    this.#log.warn({ times: this.#count }, 'a wrong token was presented to the status page');
    this.#count = 0;
    this.#toldAtMs = now;
  }
}
