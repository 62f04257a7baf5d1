import type { Logger } from '../logging/logger.ts';

const EVERY_MS = 60_000;

/** Logs that wrong tokens were presented: the first one at once, then one line a minute with their number. */
export class RefusedTokenLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  #count = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  add(): void {
    this.#count += 1;
    const now = this.#now();
    if (now - this.#toldAtMs < EVERY_MS) return;
    this.#log.warn({ times: this.#count }, 'a wrong token was presented to the status page');
    this.#count = 0;
    this.#toldAtMs = now;
  }
}
