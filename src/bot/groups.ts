import type { Clock } from './clock.ts';
import type { GroupFacts, Messenger } from './ports.ts';

/** How long the facts of a group are believed. Membership changes are seen at most this late. */
const FRESH_MS = 5 * 60_000;
const MAX_GROUPS = 500;

/** Facts of groups, asked for once in five minutes, because WhatsApp limits such questions. */
export class Groups {
  readonly #messenger: Messenger;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly facts: Promise<GroupFacts>; readonly atMs: number }>();

  constructor(messenger: Messenger, clock: Clock) {
    this.#messenger = messenger;
    this.#clock = clock;
  }

  get(chat: string): Promise<GroupFacts> {
    const known = this.#known.get(chat);
    const now = this.#clock.now();
    if (known !== undefined && now - known.atMs < FRESH_MS) return known.facts;
    const entry = { facts: this.#messenger.group(chat), atMs: now };
    this.#known.delete(chat);
    this.#known.set(chat, entry);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_GROUPS) break;
      this.#known.delete(oldest);
    }
    // A failure is not kept: the next command asks again.
    entry.facts.catch(() => {
      if (this.#known.get(chat) === entry) this.#known.delete(chat);
    });
    return entry.facts;
  }
}
