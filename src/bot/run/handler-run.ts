import type { Clock } from '../../core/clock.ts';
import type { Timed } from './deadline-queue.ts';
import { Interrupted, type Interruption } from './interrupted-error.ts';

/** How a handler ended. */
export type RunEnd =
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** It waits for an answer, or sleeps, and runs again then. */
  | { readonly kind: 'suspended' }
  /** Its remembered calls are not those of its log. */
  | { readonly kind: 'changed'; readonly at: number; readonly wanted: string; readonly found: string }
  | { readonly kind: 'stopping' | 'too-late' };

/** Shortest pause between two checks of a handler that waits for its sends. */
const MIN_LOOK_MS = 1_000;

/**
 * One run of a handler. Its time limit counts only the time of the handler itself, not the time in which its sends
 * wait for their turn or for a connection. The run ends when the handler has returned and WhatsApp has acknowledged all
 * that it sent, awaited or not.
 */
export class HandlerRun implements Timed {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #pending = new Set<Promise<unknown>>();
  #usedMs = 0;
  #resumedAtMs: number;
  #sendCount = 0;
  #controller: AbortController | undefined;
  #interrupted: Interrupted | undefined;
  #settle: ((end: RunEnd) => void) | undefined;
  readonly #onOver: Array<() => void> = [];

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

  /** The number of the next send of this handler, from 1 up. */
  nextSendNumber(): number {
    this.#sendCount += 1;
    return this.#sendCount;
  }

  /** How many sends this handler has begun. */
  get sendCount(): number {
    return this.#sendCount;
  }

  /** Resolves when all sends that were begun have been acknowledged. Rejects if one was not. */
  async whenSent(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Ends the run until an answer comes or a sleep has ended. */
  suspend(): void {
    this.end({ kind: 'suspended' });
  }

  /** Ends the run: further calls on its context reject. */
  end(end: RunEnd): void {
    this.#interrupt('suspended', end);
  }

  /** Throws `Interrupted` if the handler was cut off. */
  check(): void {
    if (this.#interrupted !== undefined) throw this.#interrupted;
  }

  /** Runs the handler. Settles at the latest when it is cut off. Never rejects. */
  perform(work: () => Promise<void>): Promise<RunEnd> {
    return new Promise((resolve) => {
      const settle = (end: RunEnd): void => {
        for (const callback of this.#onOver.splice(0)) callback();
        resolve(end);
      };
      this.#settle = settle;
      work().then(
        () => this.#drain(settle),
        (error: unknown) => settle({ kind: 'threw', error }),
      );
    });
  }

  /** Calls back when the handler has ended, for whatever reason. */
  onOver(callback: () => void): void {
    this.#onOver.push(callback);
  }

  /** Stops the time limit until `sending` settles. The run does not end before that. */
  track<T>(sending: Promise<T>): Promise<T> {
    if (this.#pending.size === 0) this.#usedMs += this.#clock.now() - this.#resumedAtMs;
    this.#pending.add(sending);
    const settled = () => {
      this.#pending.delete(sending);
      if (this.#pending.size === 0) this.#resumedAtMs = this.#clock.now();
    };
    // This also handles the rejection: a handler that does not await a send must not end the process.
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

  /** Ends the run now: its signal aborts, and further calls on its context reject. */
  cut(reason: 'stopping' | 'too-late'): void {
    this.#interrupt(reason, { kind: reason });
  }

  #interrupt(reason: Interruption, end: RunEnd): void {
    if (this.#interrupted !== undefined) return;
    this.#interrupted = new Interrupted(reason);
    this.#controller?.abort(this.#interrupted);
    this.#settle?.(end);
  }

  /** Waits for sends that were not awaited. If one fails, the handler has failed. */
  async #drain(resolve: (end: RunEnd) => void): Promise<void> {
    try {
      while (this.#pending.size > 0) await Promise.all(this.#pending);
      resolve({ kind: 'returned' });
    } catch (error) {
      resolve({ kind: 'threw', error });
    }
  }
}
