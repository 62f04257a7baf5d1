import { Recent } from './recent.ts';

interface Entry {
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

  use(command: string, person: string, cooldownMs: number, nowMs: number): CooldownVerdict {
    if (cooldownMs <= 0) return { verdict: 'go' };
    const key = `${command}\n${person}`;
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.untilMs <= nowMs) {
      this.#entries.set(key, { untilMs: nowMs + cooldownMs, isTold: false });
      return { verdict: 'go' };
    }
    if (entry.isTold) return { verdict: 'silent' };
    entry.isTold = true;
    return { verdict: 'tell', leftMs: entry.untilMs - nowMs };
  }
}
