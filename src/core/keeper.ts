import { messageOf } from './errors.ts';

/** What fills a durable table, and forgets its rows when they are too old. */
export interface Keeper {
  /** Forgets what is older than the time of its limit. Throws or rejects with `STORAGE_FAILED`. */
  prune(): void | Promise<void>;
}

/** Lets each keeper forget what is too old. One that fails is logged, and the others go on. */
export async function pruneAll(
  keepers: Readonly<Record<string, Keeper>>,
  log: { warn(facts: object, line: string): void },
): Promise<void> {
  for (const [table, keeper] of Object.entries(keepers)) {
    try {
      await keeper.prune();
    } catch (error) {
      log.warn({ table, detail: messageOf(error) }, 'could not prune expired state');
    }
  }
}
