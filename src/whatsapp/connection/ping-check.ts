/** How often a quiet or mute connection is asked whether it still answers, and how often it may not. */
const EVERY_MS = 45_000;
const MOST_MISSED = 2;

/** A connection may hear and not speak, or the reverse: two pings without an answer are its end. */
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
