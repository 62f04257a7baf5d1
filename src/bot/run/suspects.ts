import type { Clock } from '../../core/clock.ts';

/** How long a suspect runs before the next one begins, if it does not end before that. */
const ALONE_MS = 2_000;

/**
 * Runs the work that may have crashed the bot: one after the other, so that a crash counts only for its cause. Work
 * that takes long does not hold up the others for good.
 */
export class Suspects {
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins no work from here on: what waits rejects. */
  stop(): void {
    this.#stopping.abort();
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#last.then(() => {
      this.#stopping.signal.throwIfAborted();
      return work();
    });
    this.#last = this.#last.then(() => this.#untilOverOrLate(working));
    return working;
  }

  async #untilOverOrLate(working: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    working.then(end, end);
    const { signal } = this.#stopping;
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    await this.#clock.sleep(ALONE_MS, over.signal).catch(() => undefined);
    signal.removeEventListener('abort', end);
  }
}
