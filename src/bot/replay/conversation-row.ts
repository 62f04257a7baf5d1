import { ageMs } from '../../core/clock.ts';
import { type CrashHistory, withoutCrashes } from '../../core/crash-history.ts';
import { LIMITS } from '../../core/limits/limits.ts';

/** An ended conversation is kept for this time, for messages of it that come again. */
const KEEP_ENDED_MS = 10 * 60_000;

/** One remembered call of a handler, and its number among them. */
export type Entry = { readonly at: number } & (
  | {
      readonly kind: 'step';
      readonly name: string;
      readonly value?: unknown;
      readonly failed?: string;
      readonly isRefusal?: boolean;
    }
  | QuestionEntry
  | {
      readonly kind: 'sleep';
      readonly sends: number;
      readonly untilMs: number;
      /** Whether the handler has gone on after it. */
      readonly isOver?: boolean;
    }
  | { readonly kind: 'now'; readonly ms: number }
);

/** A question, and its answer once there is one. */
export interface QuestionEntry {
  readonly kind: 'ask';
  /** A short hash of the question, to notice that the handler asks another one. */
  readonly question: string;
  /** WhatsApp's id of the question. */
  readonly sentId: string;
  /** How many sends of the handler WhatsApp had acknowledged by then, the question included. */
  readonly sends: number;
  readonly untilMs: number;
  /** What can be chosen; none if any message is an answer. */
  readonly options?: readonly string[];
  readonly answer?: Answer;
}

export type Answer =
  | { readonly kind: 'message'; readonly key: string; readonly frozen: string; readonly option?: string }
  | { readonly kind: 'timed-out' };

/**
 * A conversation as it is kept: who is in it, where, and everything that its handler must remember. Crashes count from
 * its last progress on: an entry of its log takes them off.
 */
export interface ConversationRow extends CrashHistory {
  readonly version: 1;
  /** Makes the ids of its messages: the key of the starting message, and for a listener its name. */
  readonly idKey: string;
  readonly handler: {
    readonly kind: 'command' | 'listener' | 'schedule';
    readonly name: string;
    readonly file: string;
  };
  readonly chat: string;
  /** The address of the person. */
  readonly personJid: string;
  readonly personId: string;
  /** The key of the starting message. */
  readonly messageKey: string;
  /** The starting message, frozen. */
  readonly message: string;
  readonly log: readonly Entry[];
  readonly startedAtMs: number;
  readonly changedAtMs: number;
  /** Whether it has ended. It is kept for a while, so that a message of it that comes again does not start it again. */
  readonly isEnded: boolean;
}

/** A conversation and the key of its row. */
export interface StoredConversation {
  readonly id: string;
  readonly row: ConversationRow;
}

/** The call that an open conversation waits for: a question without an answer, or a sleep. */
export function waitingFor(row: ConversationRow): (Entry & { readonly kind: 'ask' | 'sleep' }) | undefined {
  const last = row.log.at(-1);
  if (row.isEnded || last === undefined) return undefined;
  if (last.kind === 'ask') return last.answer === undefined ? last : undefined;
  return last.kind === 'sleep' && last.isOver !== true ? last : undefined;
}

/** Whether its handler runs or must run: it waits for neither an answer nor a time. */
export const isInProgress = (row: ConversationRow): boolean => !row.isEnded && waitingFor(row) === undefined;

/** The keys of all messages that belong to a conversation. */
export function messageKeysOf(row: ConversationRow): string[] {
  const answers = row.log.flatMap((entry) =>
    entry.kind === 'ask' && entry.answer?.kind === 'message' ? [entry.answer.key] : [],
  );
  return [row.messageKey, ...answers];
}

/** How many sends of the handler WhatsApp has acknowledged for sure. */
export const sendsIn = (row: ConversationRow): number =>
  Math.max(0, ...row.log.map((entry) => ('sends' in entry ? entry.sends : 0)));

/** The row with one more entry, or with another one at its place. */
export function withEntry(row: ConversationRow, entry: Entry, nowMs: number): ConversationRow {
  const others = row.log.filter(({ at }) => at !== entry.at);
  const log = [...others, entry].sort((a, b) => a.at - b.at);
  return { ...withoutCrashes(row), log, changedAtMs: nowMs };
}

/** Whether a row is of no use any more. A message of an ended conversation may come again after a start. */
export function isExpired({ isEnded, changedAtMs, startedAtMs }: ConversationRow, nowMs: number): boolean {
  return isEnded
    ? ageMs(changedAtMs, nowMs) > KEEP_ENDED_MS
    : ageMs(startedAtMs, nowMs) > LIMITS['table:runs'].timeMs;
}

/** What is kept of a conversation that ends: the keys of its messages, so that one that comes again is recognised. */
export function endedRow(row: ConversationRow, nowMs: number): ConversationRow {
  const log = row.log.filter((entry) => entry.kind === 'ask').map((entry) => withoutText(entry));
  return { ...withoutCrashes(row), message: '', log, isEnded: true, changedAtMs: nowMs };
}

/** Of an answer, only the key of its message is kept after the end. */
function withoutText(
  entry: Extract<ConversationRow['log'][number], { kind: 'ask' }>,
): ConversationRow['log'][number] {
  return entry.answer?.kind === 'message' ? { ...entry, answer: { ...entry.answer, frozen: '' } } : entry;
}

/** Whether this is a row of this version. Anything may be in a file. */
export function isConversationRow(value: unknown): value is ConversationRow {
  if (!isObject(value) || value.version !== 1 || !isObject(value.handler) || !Array.isArray(value.log))
    return false;
  const texts = [value.idKey, value.chat, value.personJid, value.personId, value.messageKey, value.message];
  const numbers = [value.startedAtMs, value.changedAtMs];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => Number.isFinite(number)) &&
    typeof value.isEnded === 'boolean' &&
    ['command', 'listener', 'schedule'].includes(String(value.handler.kind)) &&
    typeof value.handler.name === 'string' &&
    typeof value.handler.file === 'string' &&
    value.log.every(isEntry)
  );
}

function isEntry(entry: unknown): boolean {
  if (!isObject(entry) || !Number.isInteger(entry.at)) return false;
  switch (entry.kind) {
    case 'step':
      return typeof entry.name === 'string';
    case 'now':
      return Number.isFinite(entry.ms);
    case 'sleep':
      return Number.isFinite(entry.untilMs) && Number.isFinite(entry.sends);
    case 'ask':
      return (
        typeof entry.question === 'string' &&
        typeof entry.sentId === 'string' &&
        Number.isFinite(entry.untilMs) &&
        Number.isFinite(entry.sends) &&
        (entry.options === undefined || isTexts(entry.options)) &&
        (entry.answer === undefined || isAnswer(entry.answer))
      );
    default:
      return false;
  }
}

function isAnswer(answer: unknown): boolean {
  if (!isObject(answer)) return false;
  if (answer.kind === 'timed-out') return true;
  return answer.kind === 'message' && typeof answer.key === 'string' && typeof answer.frozen === 'string';
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');
