import type { Clock } from '../../core/clock.ts';

export interface Timed {
  /** When the time limit ends, as far as is known now. Never earlier than `limitMs` after the item was added. */
  dueAtMs(): number;
  expire(): void;
}

/**
 * Time limits of the same length for many items, with one timer for all of them, so that adding and removing an item
 * is cheap. The timer runs only while there are items.
 */
export class DeadlineQueue<T extends Timed> {
  readonly #items = new Set<T>();
  readonly #clock: Clock;
  readonly #limitMs: number;
  #sleeping: AbortController | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  add(item: T): void {
    this.#items.add(item);
    if (this.#sleeping === undefined) this.#sleep(this.#limitMs);
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }

  stop(): void {
    this.#items.clear();
    this.#sleeping?.abort();
    this.#sleeping = undefined;
  }

  #sleep(ms: number): void {
    const controller = new AbortController();
    this.#sleeping = controller;
    this.#clock.sleep(ms, controller.signal).then(
      () => this.#wake(),
      () => undefined,
    );
  }

  #wake(): void {
    this.#sleeping = undefined;
    const now = this.#clock.now();
    // An item that is added from here on is due after at least a whole limit.
    let nextMs = now + this.#limitMs;
    for (const item of [...this.#items]) {
      const due = item.dueAtMs();
      if (due > now) nextMs = Math.min(nextMs, due);
      else {
        this.#items.delete(item);
        item.expire();
      }
    }
    if (this.#items.size > 0 && this.#sleeping === undefined) this.#sleep(nextMs - now);
  }
}
