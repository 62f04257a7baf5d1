import type { Bot } from '../bot/bot.ts';
import type { Clock } from '../core/clock.ts';
import type { LIMITS } from '../core/limits/limits.ts';
import { type PrunableTable, pruneAll } from '../core/prune-tables.ts';
import { KnownKeys } from '../http/messages/known-keys.ts';
import type { Session } from '../session/session-store.ts';
import type { TableName } from '../session/values/table-names.ts';
import type { WhatsAppClient } from '../whatsapp/whatsapp-client.ts';
import { tableOf } from './bot-table.ts';

/** The durable tables whose limit names a time. */
export type TimedTable = {
  [Name in TableName]: (typeof LIMITS)[`table:${Name}`] extends { readonly timeMs: number } ? Name : never;
}[TableName];

/** Every table with a time limit. The compiler reports a table that is missing here. */
export function prunableTablesOf(
  client: Pick<WhatsAppClient, 'prunableTables'>,
  bot: Pick<Bot, 'prunableTables'>,
  session: Session,
): Readonly<Record<TimedTable, PrunableTable>> {
  const keys = new KnownKeys(tableOf(session, 'http-keys'));
  return { ...client.prunableTables, ...bot.prunableTables, 'http-keys': keys };
}

const EVERY_MS = 60 * 60_000;

/** Removes rows that are too old from all tables: at once, and each hour until the signal aborts. */
export async function pruneEachHour(
  tables: Readonly<Record<TimedTable, PrunableTable>>,
  clock: Clock,
  log: { warn(facts: object, line: string): void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pruneAll(tables, log);
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}
