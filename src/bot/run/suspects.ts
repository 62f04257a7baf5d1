import type { Clock } from '../../core/clock.ts';
import { isSuspect, turnMs, type WorkMarks } from '../../core/crash-history.ts';
import type { RunResult } from './run-result.ts';

/**
 * Runs the work that may have crashed the bot: one after the other, so that a crash counts only for its cause. Work
 * that takes long does not hold up the others for good: its turn ends, and from then on a crash may be another's.
 */
export class Suspects {
  readonly #clock: Clock;
  readonly #marks: Pick<WorkMarks, 'historyOf' | 'noteShared'>;
  readonly #stopping = new AbortController();
  /** The keys of the work that runs, whether its turn is over or not. */
  readonly #running = new Set<string>();
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock, marks: Pick<WorkMarks, 'historyOf' | 'noteShared'>) {
    this.#clock = clock;
    this.#marks = marks;
  }

  /** Begins no suspect from here on: what waits stays unfinished. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Runs work in its turn, or at once if its row is no suspect. */
  run(key: string, work: () => Promise<RunResult>): Promise<RunResult> {
    if (!isSuspect(this.#marks.historyOf(key) ?? {})) return work();
    this.#waiting += 1;
    const working = this.#last.then(() => this.#begin(key, work));
    this.#last = this.#last.then(() => this.#endTurn(key, working));
    return working;
  }

  async #begin(key: string, work: () => Promise<RunResult>): Promise<RunResult> {
    this.#waiting -= 1;
    if (this.#stopping.signal.aborted) return 'unfinished';
    const others = [...this.#running];
    this.#running.add(key);
    try {
      await Promise.all(others.map((other) => this.#marks.noteShared(other)));
      return await work();
    } finally {
      this.#running.delete(key);
    }
  }

  async #endTurn(key: string, working: Promise<unknown>): Promise<void> {
    await this.#untilOverOrLate(working, turnMs(this.#marks.historyOf(key) ?? {}, this.#waiting));
    if (this.#running.has(key) && this.#running.size > 1) await this.#marks.noteShared(key);
  }

  async #untilOverOrLate(working: Promise<unknown>, delayMs: number): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    working.then(end, end);
    const { signal } = this.#stopping;
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    await this.#clock.sleep(delayMs, over.signal).catch(() => undefined);
    signal.removeEventListener('abort', end);
  }
}
