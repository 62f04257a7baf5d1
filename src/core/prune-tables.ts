import { messageOf } from './errors.ts';

/** A durable table whose rows have a time limit. */
export interface PrunableTable {
  /** Removes the rows that are older than that limit. Throws or rejects with `STORAGE_FAILED`. */
  prune(): void | Promise<void>;
}

/** Removes the rows that are too old from each table. If one fails, a warning is logged and the others go on. */
export async function pruneAll(
  tables: Readonly<Record<string, PrunableTable>>,
  log: { warn(facts: object, line: string): void },
): Promise<void> {
  for (const [name, table] of Object.entries(tables)) {
    try {
      await table.prune();
    } catch (error) {
      log.warn({ table: name, detail: messageOf(error) }, 'could not prune expired state');
    }
  }
}
