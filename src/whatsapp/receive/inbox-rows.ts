import { type BinaryNode, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import { afterCrash, type CrashHistory, isPoison } from '../../core/crash-history.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { shortHash } from '../../core/short-hash.ts';
import { encodePadded, neededByLibrary, reduceMessage } from './reduce-message.ts';

/** A message in the inbox: enough to hand it out again after a kill, and to recognise it if it comes again. */
export interface InboxRow extends CrashHistory {
  /** When it came, in milliseconds. A fraction tells the order of those that came in the same millisecond. */
  readonly atMs: number;
  /** Hashes of its ciphertexts. */
  readonly hashes: readonly string[];
  /** The stanza's attributes, until the message is finished. */
  readonly attrs?: BinaryNode['attrs'];
  /**
   * What is kept of each plaintext, in base64, until the message is finished. Without `attrs` it is what the library
   * needs if the message comes again. Missing beside `attrs`: only the phone has the message.
   */
  readonly parts?: readonly string[];
  /** An event (a change of a group, or a call) as JSON, until the bot has finished with it. */
  readonly notice?: string;
  /** Whether the message is complete and the bot has not finished with it. */
  readonly isWaiting?: boolean;
  /** The secret of the message in base64, under which edits of it are sealed. */
  readonly secret?: string;
  /** Whether its handler is not started again because it crashed the bot. */
  readonly isSetAside?: boolean;
}

/** A row and its key. */
type KeyedRow = readonly [string, InboxRow];

/** The rows in the order in which the messages came. The order in the table is that of the last change. */
export const oldestFirst = (rows: Iterable<KeyedRow>): KeyedRow[] =>
  [...rows].sort(([, a], [, b]) => a.atMs - b.atMs);

export type InboxChanges = Record<string, InboxRow | null>;

/** How long parts of an incomplete message, what the library needs again, and secrets are kept. */
const KEEP_PARTS_MS = 24 * 60 * 60 * 1000;
/** If the bot crashes this often before it could tell the person that a message is set aside, it does not tell. */
const MAX_CRASHES_BEFORE_NOTICE = 8;
/** An empty message in WhatsApp's padding: the plaintext of a ciphertext of which nothing is kept. */
export const EMPTY_PLAINTEXT = Uint8Array.of(1);

const ROW_BYTES = 64;

/** The size of a row as JSON, roughly. */
export function rowBytes({ hashes, attrs = {}, parts = [], notice = '' }: InboxRow): number {
  let bytes = ROW_BYTES + hashes.length * 25 + notice.length;
  for (const value of Object.values(attrs)) bytes += value.length + 20;
  for (const part of parts) bytes += part.length + 3;
  return bytes;
}

/** The row of a finished message: its text is removed, the hashes and the secret stay. */
export const doneRow = ({ atMs, hashes, secret, isSetAside }: InboxRow): InboxRow => ({
  atMs,
  hashes,
  ...(secret && { secret }),
  ...(isSetAside && { isSetAside }),
});

/** The row of a complete message that is not for the bot: its hashes, and what the library needs again. */
export function ignoredRow({ atMs, hashes, parts = [] }: InboxRow): InboxRow {
  return parts.some((part) => part !== EMPTY_PART) ? { atMs, hashes, parts } : { atMs, hashes };
}

/** Whether the bot has or had this message: what comes under its key is the same message again. */
export const wasHandedOut = ({ isWaiting, attrs }: InboxRow): boolean => isWaiting === true || !attrs;

/** Whether only the phone has the message, and it is new enough to ask for. */
export const isWantedFromPhone = ({ attrs, parts, atMs }: InboxRow, nowMs: number): boolean =>
  attrs !== undefined && !parts && nowMs - atMs < LIMITS['phone-requests'].timeMs;

/**
 * The changes at the start of the process. After a crash each waiting row gets one more crash if its handler may have
 * been running; in each chat that is the oldest row, or one that was marked. After a clean stop the marks are removed.
 */
export function atStart(rows: ReadonlyMap<string, InboxRow>, wasKilled: boolean): InboxChanges {
  const changes: InboxChanges = {};
  const chats = new Set<string | undefined>();
  for (const [key, row] of oldestFirst([...rows].filter(([, row]) => row.isWaiting))) {
    const { isStarted, isShared, ...unmarked } = row;
    const chat = row.attrs?.recipient ?? row.attrs?.from;
    const isOldest = !chats.has(chat);
    chats.add(chat);
    if (wasKilled && row.isSetAside) {
      const crashes = (row.crashes ?? 0) + 1;
      changes[key] = crashes > MAX_CRASHES_BEFORE_NOTICE ? doneRow(row) : { ...unmarked, crashes };
    } else if (wasKilled) {
      const counted = { ...unmarked, ...afterCrash(row, isOldest) };
      changes[key] = isPoison(counted) ? { ...counted, isSetAside: true } : counted;
    } else if (isStarted) changes[key] = unmarked;
  }
  return changes;
}

export interface Pruning {
  readonly changes: InboxChanges;
  /** The keys of messages that are given up: the bot has not finished with them. */
  readonly givenUp: readonly string[];
}

/**
 * The rows to remove or to shorten, so that what is left is within the limits. Finished rows go first, the oldest
 * first. Then the oldest unfinished ones are given up. If only the bytes are too many, their hashes stay.
 */
export function prune(rows: ReadonlyMap<string, InboxRow>, nowMs: number): Pruning {
  const { count, bytes, timeMs } = LIMITS['table:inbox'];
  const changes: InboxChanges = {};
  const left: KeyedRow[] = [];
  for (const [key, row] of oldestFirst(rows)) {
    const ageMs = nowMs - row.atMs;
    const { secret, ...old } = doneRow(row);
    const isOld = ageMs > KEEP_PARTS_MS && !row.isWaiting && (row.parts ?? row.secret) !== undefined;
    const kept = isOld ? old : row;
    if (kept !== row) changes[key] = kept;
    // A finished row from the future was dated by a wrong clock.
    if (ageMs > timeMs || (ageMs < -timeMs && !row.isWaiting)) changes[key] = null;
    else left.push([key, kept]);
  }
  let size = left.reduce((sum, [, row]) => sum + rowBytes(row), 0);
  const givenUp: string[] = [];
  for (const [key, row] of left) {
    if (size <= bytes) break;
    if (!row.attrs && !row.parts && !row.notice) continue;
    changes[key] = doneRow(row);
    size -= rowBytes(row) - rowBytes(doneRow(row));
    if (row.isWaiting) givenUp.push(key);
  }
  let tooMany = left.length - count;
  for (const isWaiting of [false, true])
    for (const [key, row] of left) {
      if (tooMany <= 0) break;
      if ((row.isWaiting ?? false) !== isWaiting) continue;
      if (isWaiting && changes[key] === undefined) givenUp.push(key);
      changes[key] = null;
      tooMany -= 1;
    }
  return { changes, givenUp };
}

/** The row of a complete message that the bot gets. The secret is kept with it, because an edit may come later. */
export function waitingRow(row: InboxRow, message: proto.IMessage): InboxRow {
  const secret = secretOf(message);
  return { ...row, isWaiting: true, ...(secret && { secret }) };
}

/** The secret that comes with a message, in the form that a row has; undefined if there is none of the right size. */
function secretOf({ messageContextInfo }: proto.IMessage): string | undefined {
  const secret = messageContextInfo?.messageSecret;
  return secret?.length === SECRET_BYTES ? Buffer.from(secret).toString('base64') : undefined;
}

const SECRET_BYTES = 32;

/** A plaintext in the form that a row has. */
const partOf = (plaintext: Uint8Array): string => Buffer.from(plaintext).toString('base64');

const EMPTY_PART = partOf(EMPTY_PLAINTEXT);

/** What is kept of one decrypted part of a message. */
export interface KeptPart {
  readonly message: proto.IMessage;
  /** The message as a row has it. */
  readonly part: string;
}

/** `isForBot`: whether it has text or media. `plaintext`: the message as it came, if it is at hand. */
export function keepPart(
  message: proto.IMessage,
  facts: { readonly isForBot: boolean; readonly isFromMe: boolean; readonly plaintext?: Uint8Array },
): KeptPart {
  const { isForBot, isFromMe, plaintext } = facts;
  const bytes = plaintext?.length ?? Number.POSITIVE_INFINITY;
  const kept = isForBot ? reduceMessage(message, bytes) : neededByLibrary(message, isFromMe);
  if (!kept) return { message: {}, part: EMPTY_PART };
  return { message: kept, part: partOf(kept === message && plaintext ? plaintext : encodePadded(kept)) };
}

/** The message of one plaintext; empty if it is malformed, because a stranger may encrypt any bytes. */
export function decodePlaintext(plaintext: Uint8Array): proto.IMessage {
  try {
    const decoded = proto.Message.decode(unpadRandomMax16(plaintext));
    return decoded.deviceSentMessage?.message ?? decoded;
  } catch {
    return {};
  }
}

/** The parts of one stanza as one message, joined as Baileys does it. */
export const joinParts = (messages: readonly proto.IMessage[]): proto.IMessage =>
  Object.assign({}, ...messages);

export const decodeParts = (parts: readonly string[] = []): proto.IMessage[] =>
  parts.map((part) => decodePlaintext(Buffer.from(part, 'base64')));

/** The row with a message that the phone resent, which had no ciphertext of its own. */
export function withResent(row: InboxRow, message: proto.IMessage, isForBot: boolean): InboxRow {
  const { part } = keepPart(message, { isForBot, isFromMe: false });
  const hash = shortHash(Buffer.from(part, 'base64'));
  return { ...row, hashes: [...row.hashes, hash], parts: [...(row.parts ?? []), part] };
}
