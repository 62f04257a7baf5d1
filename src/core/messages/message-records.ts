import { LIMITS } from '../limits/limits.ts';

/** What became of a message: the label of the metric `perennial_messages_total`, and a word of the debug log. */
export const MESSAGE_OUTCOMES = [
  /** A command or a listener ran. */
  'ran',
  /** A command or a listener failed; the log has its error. */
  'failed',
  /** There was no connection, or the bot stopped: the message is handled again. */
  'put-off',
  'no-command',
  'unknown-command',
  'too-old',
  'not-allowed',
  'cooldown',
  /** The sender is muted because it seems to be another bot. */
  'loop',
  /** It is not from a person, or not in a direct chat or a group, or it was edited since. */
  'ignored',
  'undecryptable',
  /** Its handler crashed the bot again and again. */
  'set-aside',
  /** Too many commands waited. */
  'dropped',
] as const;

export type MessageOutcome = (typeof MESSAGE_OUTCOMES)[number];

/** A message that was handled, without anything of its content. */
export interface MessageRecord {
  /** WhatsApp's id. */
  readonly id: string;
  readonly chatKind: string;
  /** The number or address of the sender, masked. */
  readonly sender: string;
  readonly outcome: MessageOutcome;
  /** The name of the command or listener, or why the message was ignored. */
  readonly detail: string | undefined;
  /** When it was handed to the bot, milliseconds since 1970. */
  readonly atMs: number;
  /** How long it waited for its turn in the chat. */
  readonly waitedMs: number | undefined;
  /** How long its handler ran, its sends included. */
  readonly handlerMs: number | undefined;
  /** From the hand-over to the end. */
  readonly tookMs: number;
}

type Draft = Pick<MessageRecord, 'id' | 'chatKind' | 'sender' | 'atMs'> & {
  outcome?: MessageOutcome;
  detail?: string | undefined;
  waitedMs?: number;
  handlerMs?: number;
};

const { count: KEPT } = LIMITS['message-records'];
/** Messages in progress, by their keys in the inbox, which has a limit. */
const drafts = new Map<string, Draft>();
const last: MessageRecord[] = [];
const counts = new Map<MessageOutcome, number>(MESSAGE_OUTCOMES.map((outcome) => [outcome, 0]));

/** Begins the record of a message that is handed to the bot. `endRecord` must follow. */
export function beginRecord(
  key: string,
  draft: Pick<MessageRecord, 'id' | 'chatKind' | 'sender' | 'atMs'>,
): void {
  drafts.set(key, { ...draft });
}

/** Notes what became of a message. The first note counts; without a record of the message there is no effect. */
export function noteOutcome(key: string, outcome: MessageOutcome, detail?: string): void {
  const draft = drafts.get(key);
  if (draft === undefined || draft.outcome !== undefined) return;
  draft.outcome = outcome;
  draft.detail = detail;
}

/** Notes how long a part of the work on a message took. */
export function noteTime(key: string, part: 'waitedMs' | 'handlerMs', ms: number): void {
  const draft = drafts.get(key);
  if (draft !== undefined) draft[part] = (draft[part] ?? 0) + ms;
}

/**
 * Runs `work` so that what is noted for the message `handlerKey` also counts for the message `key`: the handler of a
 * conversation runs for its first message, also if a later message lets it go on.
 */
export async function withRecordOf<T>(key: string, handlerKey: string, work: () => Promise<T>): Promise<T> {
  const draft = drafts.get(key);
  if (draft === undefined || drafts.has(handlerKey)) return work();
  drafts.set(handlerKey, draft);
  try {
    return await work();
  } finally {
    drafts.delete(handlerKey);
  }
}

/** Ends the record, counts it and keeps it among the last fifty. `otherwise` is the outcome if none was noted. */
export function endRecord(key: string, otherwise: MessageOutcome, nowMs: number): MessageRecord | undefined {
  const draft = drafts.get(key);
  drafts.delete(key);
  if (draft === undefined) return undefined;
  const { outcome = otherwise, detail, waitedMs, handlerMs, ...rest } = draft;
  return keep({ ...rest, outcome, detail, waitedMs, handlerMs, tookMs: Math.max(0, nowMs - draft.atMs) });
}

/** Records a message that is never handed to the bot. */
export function noteMessage(record: Omit<MessageRecord, 'waitedMs' | 'handlerMs' | 'tookMs'>): MessageRecord {
  return keep({ ...record, waitedMs: undefined, handlerMs: undefined, tookMs: 0 });
}

function keep(record: MessageRecord): MessageRecord {
  counts.set(record.outcome, (counts.get(record.outcome) ?? 0) + 1);
  last.push(record);
  if (last.length > KEPT) last.shift();
  return record;
}

/** The last fifty messages, the newest first. */
export const lastMessages = (): readonly MessageRecord[] => last.toReversed();

/** How many messages had each outcome since the process began. */
export const messageCounts = (): ReadonlyArray<readonly [MessageOutcome, number]> => [...counts];
