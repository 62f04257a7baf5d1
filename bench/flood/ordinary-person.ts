import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../src/simulator/phones/person.ts';

/** How long the last questions may wait for an answer after the flood. */
const SETTLE_MS = 10_000;

/** Somebody who writes `!ping` each second, or as often as it is told, and waits for each answer. */
export class OrdinaryPerson {
  readonly #person: Person;
  readonly #everyMs: number;
  readonly #askedAtMs = new Map<string, number>();

  constructor(person: Person, everyMs = 1_000) {
    this.#person = person;
    this.#everyMs = everyMs;
  }

  async askUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const askedAtMs = Date.now();
      const { id } = await this.#person.send('!ping');
      this.#askedAtMs.set(id, askedAtMs);
      await sleep(Math.max(0, askedAtMs + this.#everyMs - Date.now()));
    }
  }

  async settle(): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    while (this.figures.unanswered > 0 && Date.now() < deadline) await sleep(100);
  }

  /** A question without an answer counts as one that waits until now. */
  get figures(): { questions: number; unanswered: number; slowestMs: number } {
    const answeredAtMs = new Map(this.#person.inbox.map(({ quotedId, atMs }) => [quotedId, atMs]));
    const waits = [...this.#askedAtMs].map(([id, atMs]) => (answeredAtMs.get(id) ?? Date.now()) - atMs);
    return {
      questions: waits.length,
      unanswered: [...this.#askedAtMs.keys()].filter((id) => !answeredAtMs.has(id)).length,
      slowestMs: Math.max(0, ...waits),
    };
  }
}
