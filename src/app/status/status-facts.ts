import type { BotStats } from '../../bot/bot.ts';
import type { StatusFacts } from '../../bot/services.ts';
import { type ClientState, statusWord } from '../../whatsapp/client-state.ts';

export interface StatusFactsParts {
  readonly state: ClientState;
  /** Messages that were set aside, because their handling ended the process again and again. */
  readonly setAside: number;
  readonly stats: BotStats | undefined;
  /** When the program was started. */
  readonly startedAtMs: number;
}

/** What `!status` tells. */
export function statusFacts(parts: StatusFactsParts, nowMs: number): StatusFacts {
  const { state, setAside, stats, startedAtMs } = parts;
  return {
    connection: statusWord(state) ?? 'close',
    connectionAgeMs: nowMs - state.sinceMs,
    uptimeMs: nowMs - startedAtMs,
    counts: [
      ['Sent', stats?.sent ?? 0],
      ['Waiting to be sent', stats?.queued ?? 0],
      ...(setAside > 0 ? [['Set aside', setAside] as const] : []),
    ],
  };
}
