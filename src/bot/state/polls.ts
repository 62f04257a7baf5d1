import { ageMs, type Clock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Table, TableStorage } from '../../core/table.ts';
import { safeError } from '../run/safe-error.ts';

/** A poll of the bot: its options, and what each person chose. */
export interface PollRow {
  readonly atMs: number;
  readonly options: readonly string[];
  /** The indexes of the chosen options, by the id of the person. A list, because an id may be any string. */
  readonly votes: ReadonlyArray<readonly [person: string, chosen: readonly number[]]>;
}

const LIMIT = LIMITS['table:polls'];
const { count: MAX_VOTERS } = LIMITS['polls:voters'];

/** The votes in the polls of the bot. They outlive a restart. */
export class Polls {
  readonly #storage: TableStorage;
  readonly #clock: Clock;

  constructor(storage: TableStorage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  get #table(): Table<PollRow> {
    return this.#storage.table<PollRow>('polls');
  }

  /** Begins to count the votes of a poll. If this cannot be stored, its votes are not counted. */
  async note(id: string, options: readonly string[]): Promise<void> {
    if (this.#table.has(id)) return;
    try {
      if (this.#table.size >= LIMIT.count) await this.#forgetOldest();
      await this.#table.set(id, { atMs: this.#clock.now(), options, votes: [] });
    } catch {
      // A full disk is reported by the session.
    }
  }

  /** A vote in place of the earlier one of this person; no options take it back. */
  async vote(id: string, person: string, chosen: readonly string[]): Promise<void> {
    const row = this.#table.get(id);
    if (row === undefined) return;
    const others = row.votes.filter(([one]) => one !== person);
    if (others.length >= MAX_VOTERS) return;
    const indexes = chosen.map((option) => row.options.indexOf(option)).filter((index) => index >= 0);
    const votes = indexes.length === 0 ? others : [...others, [person, indexes] as const];
    await this.#table.set(id, { ...row, votes });
  }

  votes(id: string): Readonly<Record<string, readonly string[]>> {
    const row = this.#table.get(id);
    if (row === undefined) return {};
    return Object.fromEntries(
      row.options.map((option, index) => [
        option,
        row.votes.filter(([, chosen]) => chosen.includes(index)).map(([person]) => person),
      ]),
    );
  }

  /** Forgets polls that are too old. */
  async prune(): Promise<void> {
    for (const [id, { atMs }] of [...this.#table.entries()]) {
      if (ageMs(atMs, this.#clock.now()) > LIMIT.timeMs) await this.#table.delete(id);
    }
  }

  async #forgetOldest(): Promise<void> {
    const [oldest] = [...this.#table.entries()].sort(([, a], [, b]) => a.atMs - b.atMs);
    if (oldest !== undefined) await this.#table.delete(oldest[0]);
  }
}

/** Counts the vote in a message. Never rejects. */
export async function noteVote({ event, sender }: IncomingMessage, polls: Polls, log: Log): Promise<void> {
  if (event?.kind !== 'vote') return;
  await polls.vote(event.target, sender.id, event.options).catch((error: unknown) => {
    log.warn({ err: safeError(error, '') }, 'could not store a vote');
  });
}
