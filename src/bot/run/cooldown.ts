import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';

interface Entry {
  /** The key of the message that used the command. The same message again does not have to wait. */
  readonly by: string;
  readonly untilMs: number;
  isTold: boolean;
}

export type CooldownVerdict =
  | { readonly verdict: 'go' }
  | { readonly verdict: 'tell'; readonly leftMs: number }
  | { readonly verdict: 'silent' };

/** Allows each person one use of a command per time span. A person who is too early is told so once in that span. */
export class Cooldowns {
  readonly #entries = new RecentMap<Entry>(LIMITS['recent:cooldowns'].count / 2);

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
