/** Lets a fixed number of holders in at a time. The others wait, in the order in which they came. */
export class Semaphore<H extends object> {
  readonly #slots = new WeakMap<H, Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when the holder has its slot; a second call returns the same slot. Rejects if the signal aborts first. */
  acquire(holder: H, signal: AbortSignal): Promise<void> {
    const slot = this.#slots.get(holder) ?? this.#enter(signal);
    this.#slots.set(holder, slot);
    return slot;
  }

  /** Frees the slot for good: a holder that acquires again after this gets no slot and does not wait. */
  release(holder: H): void {
    this.#slots.get(holder)?.then(
      () => this.#next(),
      () => undefined, // cut off while it waited
    );
    this.#slots.set(holder, Promise.resolve());
  }

  #enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#free > 0) {
        this.#free -= 1;
        return resolve();
      }
      const onAbort = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next();
  }
}
