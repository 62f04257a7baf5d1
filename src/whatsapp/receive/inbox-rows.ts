import { createHash } from 'node:crypto';
import { type BinaryNode, proto, unpadRandomMax16, writeRandomPadMax16 } from '@whiskeysockets/baileys';

/** A message in the inbox: enough to hand it out again after a kill, and to recognise it if it comes again. */
export interface InboxRow {
  readonly atMs: number;
  /** Hashes of its ciphertexts. */
  readonly hashes: readonly string[];
  /** The stanza's attributes, until the message is finished. */
  readonly attrs?: BinaryNode['attrs'];
  /** The plaintexts in base64, until the message is finished. Missing beside `attrs`: only the phone has the message. */
  readonly parts?: readonly string[];
  /** Whether the message is complete and the bot has not finished with it. */
  readonly isWaiting?: boolean;
}

export type InboxChanges = Record<string, InboxRow | null>;

const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
/** How long the plaintext of a message that is not for the bot (a reaction, a key) is kept. */
const KEEP_PLAINTEXT_MS = 24 * 60 * 60 * 1000;
/** For how long the phone is asked again for a message that only it has. */
const ASK_FOR_MS = 24 * 60 * 60 * 1000;
export const MAX_ROWS = 10_000;

/** The row of a finished message: its text is removed, the hashes stay. */
export const doneRow = ({ atMs, hashes }: InboxRow): InboxRow => ({ atMs, hashes });

/** Whether the bot has or had this message: what comes under its key is the same message again. */
export const wasHandedOut = ({ isWaiting, attrs }: InboxRow): boolean => isWaiting === true || !attrs;

/** Whether only the phone has the message, and it is new enough to ask for. */
export const isWantedFromPhone = ({ attrs, parts, atMs }: InboxRow, nowMs: number): boolean =>
  attrs !== undefined && !parts && nowMs - atMs < ASK_FOR_MS;

/** The rows to remove or to shorten. Rows are kept for seven days, at most ten thousand of them. */
export function outdated(rows: ReadonlyMap<string, InboxRow>, nowMs: number): InboxChanges {
  const tooMany = rows.size - MAX_ROWS;
  const changes: InboxChanges = {};
  let index = 0;
  for (const [key, row] of rows) {
    const ageMs = nowMs - row.atMs;
    if ((ageMs > KEEP_MS || index < tooMany) && !row.isWaiting) changes[key] = null;
    else if (ageMs > KEEP_PLAINTEXT_MS && !row.isWaiting && row.parts) changes[key] = doneRow(row);
    index += 1;
  }
  return changes;
}

export const hashOf = (ciphertext: Uint8Array): string =>
  createHash('sha256').update(ciphertext).digest('base64url').slice(0, 22);

/** A plaintext in the form that a row has. */
export const partOf = (plaintext: Uint8Array): string => Buffer.from(plaintext).toString('base64');

/** The row with one more part, which had no ciphertext. */
export function withMessage(row: InboxRow, message: proto.IMessage): InboxRow {
  const plaintext = writeRandomPadMax16(proto.Message.encode(message).finish());
  return {
    ...row,
    hashes: [...row.hashes, hashOf(plaintext)],
    parts: [...(row.parts ?? []), partOf(plaintext)],
  };
}

/** All parts of one stanza as one message, joined as Baileys does it. A malformed part is ignored. */
export function decodeParts(parts: readonly string[]): proto.IMessage {
  const message: proto.IMessage = {};
  for (const part of parts) {
    try {
      const decoded = proto.Message.decode(unpadRandomMax16(Buffer.from(part, 'base64')));
      Object.assign(message, decoded.deviceSentMessage?.message ?? decoded);
    } catch {
      // A stranger may encrypt bytes that are not a message.
    }
  }
  return message;
}
