/** So many holders at a time; the others wait, in the order in which they came. */
export class Places<H extends object> {
  readonly #places = new WeakMap<H, Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when the holder has a place, its only one until it leaves; rejects when the signal aborts before. */
  take(holder: H, signal: AbortSignal): Promise<void> {
    const place = this.#places.get(holder) ?? this.#enter(signal);
    this.#places.set(holder, place);
    return place;
  }

  /** For good: a holder that comes back after this takes no place from anybody. */
  leave(holder: H): void {
    this.#places.get(holder)?.then(
      () => this.#give(),
      () => undefined, // cut off while it waited
    );
    this.#places.set(holder, Promise.resolve());
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

  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else next();
  }
}
