import type { Clock } from '../../core/clock.ts';
import type { Timed } from '../../core/deadlines.ts';
import { Interrupted, type Interruption } from './interrupted.ts';

/** How the handling of one command ended. */
export type End =
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: Interruption };

/** Shortest pause between two looks at a handler that waits for its sends. */
const MIN_LOOK_MS = 1_000;

/**
 * One handler at work. Its time limit counts its own time only: while something it sent waits for its turn
 * or for a connection, the clock stands still. It is over when the handler has returned and all that it
 * sent, awaited or not, has arrived.
 */
export class Run implements Timed {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #pending = new Set<Promise<unknown>>();
  #usedMs = 0;
  #resumedAtMs: number;
  #sendCount = 0;
  #controller: AbortController | undefined;
  #interrupted: Interrupted | undefined;
  #settle: ((end: End) => void) | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#resumedAtMs = clock.now();
  }

  /** Aborts when the handler is cut off. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#interrupted !== undefined) this.#controller.abort(this.#interrupted);
    }
    return this.#controller.signal;
  }

  /** The place of the next send among those of this handler. */
  nextPlace(): number {
    this.#sendCount += 1;
    return this.#sendCount;
  }

  /** Throws once the handler was cut off. */
  check(): void {
    if (this.#interrupted !== undefined) throw this.#interrupted;
  }

  /** Settles at the latest when the handler is cut off. Never rejects. */
  perform(work: () => Promise<void>): Promise<End> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      work().then(
        () => (this.#pending.size === 0 ? resolve({ kind: 'returned' }) : this.#drain(resolve)),
        (error: unknown) => resolve({ kind: 'threw', error }),
      );
    });
  }

  /** Stops the time limit while `sending` is under way, and keeps the run from ending before it. */
  track<T>(sending: Promise<T>): Promise<T> {
    if (this.#pending.size === 0) this.#usedMs += this.#clock.now() - this.#resumedAtMs;
    this.#pending.add(sending);
    const settled = () => {
      this.#pending.delete(sending);
      if (this.#pending.size === 0) this.#resumedAtMs = this.#clock.now();
    };
    // Also marks the rejection as seen: a handler that does not await a send must not end the process.
    sending.then(settled, settled);
    return sending;
  }

  dueAtMs(): number {
    if (this.#pending.size === 0) return this.#resumedAtMs + this.#limitMs - this.#usedMs;
    return this.#clock.now() + Math.max(MIN_LOOK_MS, this.#limitMs - this.#usedMs);
  }

  expire(): void {
    this.cut('too-late');
  }

  /** Ends the run now: its signal aborts, and whatever it calls on its context is rejected. */
  cut(reason: Interruption): void {
    if (this.#interrupted !== undefined) return;
    this.#interrupted = new Interrupted(reason);
    this.#controller?.abort(this.#interrupted);
    this.#settle?.({ kind: reason });
  }

  /** What was sent without `await` must arrive, too: its failure is the handler's. */
  async #drain(resolve: (end: End) => void): Promise<void> {
    try {
      while (this.#pending.size > 0) await Promise.all(this.#pending);
      resolve({ kind: 'returned' });
    } catch (error) {
      resolve({ kind: 'threw', error });
    }
  }
}
