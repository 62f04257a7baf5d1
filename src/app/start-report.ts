import { type EventEmitter, once } from 'node:events';
import type { BotStats } from '../bot/bot.ts';
import type { Clock } from '../core/clock.ts';
import { commandText } from '../core/plain-text.ts';
import { maskNumber } from '../logging/mask.ts';
import { numberAmong } from '../whatsapp/address.ts';
import type { ClientEvents } from '../whatsapp/client-events.ts';

export interface StartReportParts {
  readonly log: { info(facts: object, line: string): void };
  readonly events: EventEmitter<ClientEvents>;
  readonly session: {
    readonly wasLinked: boolean;
    readonly creds: { readonly me?: { readonly id: string; readonly name?: string } };
  };
  readonly stats: () => BotStats | undefined;
  readonly prefix: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
}

/** The counts are read at this interval until two reads in a row show no change, at most 120 times. */
const LOOK_EVERY_MS = 500;
const QUIET_LOOKS = 2;
const MOST_LOOKS = 120;
const NAME_LOOKS = 4;
const MAX_NAME_LENGTH = 40;

/**
 * Logs one line about each start, after the first opening: who is linked now and what to try. If the session was
 * linked before: how long the start took, and what became of the messages that came in the meantime. Resolves when
 * the line is logged or the signal aborts.
 */
export async function reportStart(parts: StartReportParts, signal: AbortSignal): Promise<void> {
  const { log, session, clock, prefix, startedAtMs } = parts;
  try {
    await once(parts.events, 'opened', { signal });
    const tookMs = Math.round(clock.now() - startedAtMs);
    if (!session.wasLinked) {
      await nameKnown(parts, signal);
      log.info({}, `Linked to ${accountLabel(session.creds.me)}. ${invitation(prefix)}`);
      return;
    }
    const stats = await statsAtRest(parts, signal);
    const seconds = (tookMs / 1000).toFixed(1);
    log.info(
      { tookMs },
      `Back as ${accountLabel(session.creds.me)} after ${seconds} s. ${meantimeSentence(stats)}`,
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** `Anna (+49151•••123)`: enough to recognise the account, not enough to call it. */
export function accountLabel(me: StartReportParts['session']['creds']['me']): string {
  const digits = numberAmong(me?.id);
  const number = digits && maskNumber(`+${digits}`);
  const name = me?.name?.trim().slice(0, MAX_NAME_LENGTH);
  if (name && number) return `${name} (${number})`;
  return name || number || 'your account';
}

/** What to try first. A prefix that ends in a letter is a word of its own. */
export function invitation(prefix: string): string {
  return `Send ${commandText(prefix, 'ping')} to this account from another phone, or ${commandText(prefix, 'help')}.`;
}

/** What became of the messages that came while the bot was away. */
export function meantimeSentence(stats: BotStats | undefined): string {
  const came = (stats?.received ?? 0) - (stats?.ignored['own-send'] ?? 0);
  if (stats === undefined || came <= 0) return 'No messages came in the meantime.';
  const tooOld = stats.ignored['too-old'];
  const { answered, failed } = stats;
  const inProgress = Math.max(0, stats.running + stats.unfinished);
  const parts: ReadonlyArray<readonly [count: number, what: string]> = [
    [answered, 'answered'],
    [failed, 'failed'],
    [tooOld, 'too old to be answered'],
    [inProgress, 'still in progress'],
    [Math.max(0, came - answered - failed - tooOld - inProgress), 'not for the bot'],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${came} ${came === 1 ? 'message' : 'messages'} came in the meantime: ${said.join(', ')}.`;
}

/** A phone tells a new device the account's name a moment after the pairing, or never. */
async function nameKnown({ session, clock }: StartReportParts, signal: AbortSignal): Promise<void> {
  for (let look = 0; look < NAME_LOOKS && !session.creds.me?.name; look += 1)
    await clock.sleep(LOOK_EVERY_MS, signal);
}

/** The bot's counts when the waiting messages are done, or after a minute. */
async function statsAtRest(
  { stats, clock }: StartReportParts,
  signal: AbortSignal,
): Promise<BotStats | undefined> {
  let before = stats();
  let quietLooks = 0;
  for (let look = 0; look < MOST_LOOKS && quietLooks < QUIET_LOOKS; look += 1) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    const now = stats();
    quietLooks = isAtRest(before, now) ? quietLooks + 1 : 0;
    before = now;
  }
  return stats();
}

/** A bot that is still being loaded has not handled the messages that wait for it. */
function isAtRest(before: BotStats | undefined, now: BotStats | undefined): boolean {
  if (before === undefined || now === undefined) return false;
  return before.received === now.received && now.running === 0 && now.queued === 0;
}
