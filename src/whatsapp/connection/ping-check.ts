/** How often an open connection is pinged, and how many pings in a row may stay without an answer. */
const EVERY_MS = 45_000;
const MOST_MISSED = 2;

/**
 * Pings an open connection, and reports it as lost after two pings in a row without an answer: a connection may still
 * receive but not send, or the reverse.
 */
export class PingCheck {
  readonly #ping: () => Promise<unknown>;
  readonly #onLost: () => void;
  #timer: NodeJS.Timeout | undefined;
  #missed = 0;

  /** `ping` resolves with the answer, or with nothing if there was none in time. */
  constructor(ping: () => Promise<unknown>, onLost: () => void) {
    this.#ping = ping;
    this.#onLost = onLost;
  }

  start(everyMs: number = EVERY_MS): void {
    this.#timer = setInterval(() => void this.#check(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const isAnswered = await this.#ping().then(Boolean, () => false);
    this.#missed = isAnswered ? 0 : this.#missed + 1;
    if (this.#missed >= MOST_MISSED) this.#onLost();
  }
}
