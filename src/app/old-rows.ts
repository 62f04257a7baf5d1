import type { Bot } from '../bot/bot.ts';
import type { Clock } from '../core/clock.ts';
import { type Keeper, pruneAll } from '../core/keeper.ts';
import type { LIMITS } from '../core/limits.ts';
import { KnownKeys } from '../http/known-keys.ts';
import type { Session } from '../session/session.ts';
import type { TableName } from '../session/values/tables.ts';
import type { WhatsAppClient } from '../whatsapp/client.ts';
import { tableOf } from './session-tables.ts';

/** The durable tables whose limit names a time. */
export type TimedTable = {
  [Name in TableName]: (typeof LIMITS)[`table:${Name}`] extends { readonly timeMs: number } ? Name : never;
}[TableName];

/** What removes the old rows of each table with a time limit. A table without one is an error of the compiler here. */
export function keepersOf(
  client: Pick<WhatsAppClient, 'keepers'>,
  bot: Pick<Bot, 'keepers'>,
  session: Session,
): Readonly<Record<TimedTable, Keeper>> {
  const keys = new KnownKeys(tableOf(session, 'http-keys'));
  return { ...client.keepers, ...bot.keepers, 'http-keys': keys };
}

const EVERY_MS = 60 * 60_000;

/** Removes rows that are too old from all tables: at once, and each hour until the signal aborts. */
export async function pruneEachHour(
  keepers: Readonly<Record<TimedTable, Keeper>>,
  clock: Clock,
  log: { warn(facts: object, line: string): void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pruneAll(keepers, log);
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}
