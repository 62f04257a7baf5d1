/** How to end one part of the program. Must have no effect if the part has not started or has ended already. */
export type Stop = () => Promise<void> | void;

/**
 * The parts that have started, each with the function that stops it. Unwinding stops them one after the other, the
 * newest first. (Node 20 has no `AsyncDisposableStack`.)
 */
export class StopStack {
  readonly #stops: Stop[] = [];
  #unwinding: Promise<void> = Promise.resolve();

  push(stop: Stop): void {
    this.#stops.push(stop);
  }

  /**
   * Resolves when every part that was pushed before or meanwhile has stopped, each once, however often this is called.
   * If a stop throws, the others still run, and the promise rejects with the first error.
   */
  unwind(): Promise<void> {
    this.#unwinding = this.#unwinding.catch(() => {}).then(() => this.#stopAll());
    return this.#unwinding;
  }

  async #stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
