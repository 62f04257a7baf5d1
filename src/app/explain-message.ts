import { ageMs } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { LIMITS } from '../core/limits/limits.ts';
import { outcomeText } from '../core/messages/outcome-text.ts';
import { formatTime } from '../session/maintenance/format-report.ts';
import { maintenanceError } from '../session/maintenance/maintenance-error.ts';
import { holdsAnything, inspectSteadily, realFolder } from '../session/maintenance/read-only-session.ts';
import type { SessionReport } from '../session/maintenance/session-reports.ts';
import type { InboxRow } from '../whatsapp/receive/inbox-rows.ts';
import { idOfOutcome, type OutcomeRow, outcomeKey } from '../whatsapp/receive/outcome-table.ts';
import { hasRowShape } from './row-shapes.ts';

/** What is known of one message. `outcome` is that of the debug line, or a word for one that is not finished. */
interface Explained {
  readonly chatKind?: string | undefined;
  readonly sender?: string | undefined;
  readonly detail?: string | undefined;
  readonly outcome: OutcomeRow['outcome'] | Unfinished;
  readonly atMs: number;
  readonly times?: Pick<OutcomeRow, 'waitedMs' | 'handlerMs' | 'tookMs'>;
}

type Unfinished = keyof typeof UNFINISHED;

const UNFINISHED = {
  waiting: 'waits for its turn, for a connection, or for another try',
  'set-aside': 'set aside, because it crashed the bot; the person is not told yet',
  'in-parts': 'a part of it has not come yet',
  'on-the-phone': 'only the phone has it, and the bot asks the phone for it',
  finished: 'finished; what became of it was not noted',
} as const;

interface Tables {
  readonly inbox: ReadonlyMap<string, InboxRow>;
  readonly outcomes: ReadonlyMap<string, OutcomeRow>;
  readonly sent: ReadonlyMap<string, unknown>;
}

/** No honest client uses longer ones, or other characters. */
const ID = /^[\w.:@/+=|-]{1,256}$/;
const { count: KEPT, timeMs: KEPT_MS } = LIMITS['table:outcomes'];
const DAYS = KEPT_MS / 86_400_000;

export interface Explanation extends SessionReport {
  readonly isKnown: boolean;
  /** Whether the bot has finished with it, and it is known why. */
  readonly isSettled: boolean;
}

/**
 * What became of the message with this id. Works beside a running bot. Throws `BAD_ARGUMENTS`, `SESSION_UNUSABLE`,
 * `STORAGE_FAILED`.
 */
export async function reportExplain(path: string, id: string): Promise<Explanation> {
  if (!ID.test(id)) {
    const rule = 'It has up to 256 letters and digits, as in the debug log and on the status page.';
    throw new AppError('BAD_ARGUMENTS', `This is not the id of a message. ${rule}`);
  }
  const found = explain(id, readTables(path), Date.now());
  const messages = found.messages.map(({ times, atMs, ...rest }) => ({
    id,
    ...rest,
    at: new Date(atMs).toISOString(),
    ...times,
  }));
  const isSettled = messages.length > 0 && !messages.some(({ outcome }) => isUnfinished(outcome));
  return { isKnown: messages.length > 0, isSettled, facts: { id, messages }, lines: linesOf(id, found) };
}

function readTables(path: string): Tables | undefined {
  const folder = realFolder(path);
  try {
    if (!holdsAnything(folder)) return undefined;
    const { contents } = inspectSteadily(folder);
    contents.dropRows(hasRowShape);
    return {
      inbox: contents.rows('inbox') as Tables['inbox'],
      outcomes: contents.rows('outcomes') as Tables['outcomes'],
      sent: contents.rows('sent'),
    };
  } catch (error) {
    throw maintenanceError(`read ${folder}`, error);
  }
}

interface Found {
  readonly messages: readonly Explained[];
  /** Whether the bot itself sent a message with this id. */
  readonly isSent: boolean;
}

/** What the tables know of a message with this id, the oldest first. Two people may have chosen the same id. */
export function explain(id: string, tables: Tables | undefined, nowMs: number): Found {
  if (!tables) return { messages: [], isSent: false };
  const messages: Explained[] = [];
  const outcomes = new Map(
    [...tables.outcomes].filter(
      ([key, { atMs }]) => idOfOutcome(key) === id && ageMs(atMs, nowMs) <= KEPT_MS,
    ),
  );
  for (const [key, row] of tables.inbox) {
    if (!key.endsWith(`|${id}`)) continue;
    const outcome = outcomes.get(outcomeKey(id, key));
    const state = stateOf(row);
    // What became of it follows below.
    if (state === 'finished' && outcome !== undefined) continue;
    outcomes.delete(outcomeKey(id, key));
    const { chatKind, sender } = outcome ?? {};
    messages.push({ outcome: state, atMs: row.atMs, chatKind, sender });
  }
  const isReplaced = messages.length > 0 || outcomes.size > 1;
  for (const { waitedMs, handlerMs, tookMs, ...row } of outcomes.values()) {
    // A message that was decrypted later may have another key: its sender's number was not known before.
    if (row.outcome === 'undecryptable' && isReplaced) continue;
    messages.push({ ...row, times: { waitedMs, handlerMs, tookMs } });
  }
  return { messages: messages.sort((a, b) => a.atMs - b.atMs), isSent: tables.sent.has(id) };
}

function stateOf({ isWaiting, isSetAside, attrs, parts, notice }: InboxRow): Unfinished {
  if (isWaiting) return isSetAside ? 'set-aside' : 'waiting';
  if (attrs) return parts ? 'in-parts' : 'on-the-phone';
  return notice ? 'waiting' : 'finished';
}

function linesOf(id: string, { messages, isSent }: Found): string[] {
  const [only] = messages;
  if (only === undefined && isSent)
    return [`The bot sent ${id} itself: only received messages are explained.`];
  if (only === undefined)
    return [
      `Nothing is known of ${id}: it has not reached this bot, or ${DAYS} days or ${KEPT.toLocaleString('en')} other messages have passed since.`,
    ];
  if (messages.length === 1) return [`${id} ${sentence(only)}`];
  return [`${messages.length} messages have the id ${id}:`, ...messages.map((one) => `- ${sentence(one)}`)];
}

/** `(direct, +1555•••123, 2026-11-25 19:42:48 UTC): ran ping. It waited 0 ms, …` */
function sentence({ atMs, chatKind, sender, outcome, detail, times }: Explained): string {
  const facts = [chatKind, sender, formatTime(atMs)].filter((fact) => fact !== undefined).join(', ');
  const what = isUnfinished(outcome) ? UNFINISHED[outcome] : outcomeText({ outcome, detail });
  return `(${facts}): ${what}.${times ? timesText(times) : ''}`;
}

const isUnfinished = (outcome: Explained['outcome']): outcome is Unfinished =>
  Object.hasOwn(UNFINISHED, outcome);

function timesText({ waitedMs, handlerMs, tookMs }: NonNullable<Explained['times']>): string {
  const parts = [
    waitedMs === undefined ? undefined : `waited ${Math.round(waitedMs)} ms for its turn`,
    handlerMs === undefined ? undefined : `ran for ${Math.round(handlerMs)} ms`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` It ${parts.join(' and ')}, ${Math.round(tookMs)} ms in all.`;
}
