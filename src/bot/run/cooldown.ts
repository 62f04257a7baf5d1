import { Recent } from '../../core/recent-map.ts';

interface Entry {
  /** The message that used it: handed over again, it goes on. */
  readonly by: string;
  readonly untilMs: number;
  isTold: boolean;
}

export type CooldownVerdict =
  | { readonly verdict: 'go' }
  | { readonly verdict: 'tell'; readonly leftMs: number }
  | { readonly verdict: 'silent' };

/** One use of a command per person and span. Who is too early is told so once, and then nothing until it is over. */
export class Cooldowns {
  readonly #entries = new Recent<Entry>(10_000);

  /** `by` is the key of the message. */
  use(command: string, person: string, by: string, cooldownMs: number, nowMs: number): CooldownVerdict {
    if (cooldownMs <= 0) return { verdict: 'go' };
    const key = `${command}\n${person}`;
    const entry = this.#entries.get(key);
    if (entry?.by === by) return { verdict: 'go' };
    if (entry === undefined || entry.untilMs <= nowMs) {
      this.#entries.set(key, { by, untilMs: nowMs + cooldownMs, isTold: false });
      return { verdict: 'go' };
    }
    if (entry.isTold) return { verdict: 'silent' };
    entry.isTold = true;
    return { verdict: 'tell', leftMs: entry.untilMs - nowMs };
  }
}
