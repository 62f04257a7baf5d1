import { createHash } from 'node:crypto';
import { type BinaryNode, proto, unpadRandomMax16, writeRandomPadMax16 } from '@whiskeysockets/baileys';

/** A message as it is kept: enough to hand it out again after a kill, and to know it when it comes again. */
export interface InboxRow {
  readonly atMs: number;
  /** Hashes of the ciphertexts that were decrypted for it. */
  readonly hashes: readonly string[];
  /** The stanza's attributes, until the message is done. */
  readonly attrs?: BinaryNode['attrs'];
  /** The plaintexts, base64, until the message is done. Attributes without any: only the phone has the message. */
  readonly parts?: readonly string[];
  /** Whether all of it is here and the bot has not finished with it. */
  readonly isWaiting?: boolean;
}

export type InboxChanges = Record<string, InboxRow | null>;

const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
/** How long the words of what is no message for the bot (reactions, keys) are kept: WhatsApp may send it again. */
const KEEP_WORDS_MS = 24 * 60 * 60 * 1000;
/** For how long the phone is asked again for what only it has. */
const ASK_FOR_MS = 24 * 60 * 60 * 1000;
export const MOST_ROWS = 10_000;

/** A message that was dealt with: its words are gone, its ciphertexts are known. */
export const doneRow = ({ atMs, hashes }: InboxRow): InboxRow => ({ atMs, hashes });

/** Whether the bot has it already, or had it: whatever comes under its key is the same message again. */
export const wasHandedOut = ({ isWaiting, attrs }: InboxRow): boolean => isWaiting === true || !attrs;

/** Whether only the phone has it, and it is new enough to ask for. */
export const isWantedFromPhone = ({ attrs, parts, atMs }: InboxRow, nowMs: number): boolean =>
  attrs !== undefined && !parts && nowMs - atMs < ASK_FOR_MS;

/** What goes: ids are kept for seven days, and never more than ten thousand. */
export function outdated(rows: ReadonlyMap<string, InboxRow>, nowMs: number): InboxChanges {
  const tooMany = rows.size - MOST_ROWS;
  const changes: InboxChanges = {};
  let index = 0;
  for (const [key, row] of rows) {
    const ageMs = nowMs - row.atMs;
    if ((ageMs > KEEP_MS || index < tooMany) && !row.isWaiting) changes[key] = null;
    else if (ageMs > KEEP_WORDS_MS && !row.isWaiting && row.parts) changes[key] = doneRow(row);
    index += 1;
  }
  return changes;
}

export const hashOf = (ciphertext: Uint8Array): string =>
  createHash('sha256').update(ciphertext).digest('base64url').slice(0, 22);

/** A plaintext as it is kept. */
export const partOf = (plaintext: Uint8Array): string => Buffer.from(plaintext).toString('base64');

/** The row with one more part, which came in no ciphertext of its own. */
export function withMessage(row: InboxRow, message: proto.IMessage): InboxRow {
  const plaintext = writeRandomPadMax16(proto.Message.encode(message).finish());
  return {
    ...row,
    hashes: [...row.hashes, hashOf(plaintext)],
    parts: [...(row.parts ?? []), partOf(plaintext)],
  };
}

/** All parts of one stanza as one message, as Baileys puts them together. A part that is no message counts as none. */
export function decodeParts(parts: readonly string[]): proto.IMessage {
  const message: proto.IMessage = {};
  for (const part of parts) {
    try {
      const decoded = proto.Message.decode(unpadRandomMax16(Buffer.from(part, 'base64')));
      Object.assign(message, decoded.deviceSentMessage?.message ?? decoded);
    } catch {
      // Whatever a stranger encrypted, it is not a message.
    }
  }
  return message;
}
