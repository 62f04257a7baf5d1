import { LIMITS, type LimitName } from '../../core/limits/limits.ts';

interface Use {
  count: number;
  bytes: number;
}

/** What one command takes up while it waits and runs. */
export interface CommandWeight {
  /** The key of its chat. */
  readonly chat: string;
  /** The id of its sender. */
  readonly person: string;
  readonly bytes: number;
}

/** Says which commands may wait: limits their number and bytes in each chat, for each person, and in total. */
export class CommandBudget {
  readonly #chats = new Map<string, Use>();
  readonly #persons = new Map<string, Use>();
  readonly #all: Use = { count: 0, bytes: 0 };

  /** Counts the command and returns undefined, or returns the limit that it would exceed and counts nothing. */
  add(weight: CommandWeight): LimitName | undefined {
    const exceeded = this.#exceeded(weight);
    if (exceeded !== undefined) return exceeded;
    for (const use of [useOf(this.#chats, weight.chat), useOf(this.#persons, weight.person), this.#all]) {
      use.count += 1;
      use.bytes += weight.bytes;
    }
    return undefined;
  }

  /** The command has ended. */
  remove(weight: CommandWeight): void {
    release(this.#chats, weight.chat, weight.bytes);
    release(this.#persons, weight.person, weight.bytes);
    this.#all.count -= 1;
    this.#all.bytes -= weight.bytes;
  }

  #exceeded({ chat, person, bytes }: CommandWeight): LimitName | undefined {
    // The one that runs does not wait.
    if (isOver('commands:chat', this.#chats.get(chat), bytes, 1)) return 'commands:chat';
    if (isOver('commands:person', this.#persons.get(person), bytes, 0)) return 'commands:person';
    return isOver('commands:all', this.#all, bytes, 0) ? 'commands:all' : undefined;
  }
}

/** A first command is always taken, so that a large one is answered if nothing else waits. */
function isOver(
  limit: 'commands:chat' | 'commands:person' | 'commands:all',
  use: Use | undefined,
  bytes: number,
  running: number,
): boolean {
  if (use === undefined || use.count === 0) return false;
  return use.count >= LIMITS[limit].count + running || use.bytes + bytes > LIMITS[limit].bytes;
}

function useOf(uses: Map<string, Use>, key: string): Use {
  let use = uses.get(key);
  if (use === undefined) {
    use = { count: 0, bytes: 0 };
    uses.set(key, use);
  }
  return use;
}

function release(uses: Map<string, Use>, key: string, bytes: number): void {
  const use = uses.get(key);
  if (use === undefined) return;
  use.count -= 1;
  use.bytes -= bytes;
  if (use.count === 0) uses.delete(key);
}
