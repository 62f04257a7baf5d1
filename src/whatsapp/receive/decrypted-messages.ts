import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { MessageOutcome } from '../../core/messages/message-records.ts';
import { isFromOwnPhone } from '../connection/phone-watch.ts';
import {
  decodeParts,
  decodePlaintext,
  doneRow,
  type InboxRow,
  ignoredRow,
  joinParts,
  keepPart,
  rowBytes,
  waitingRow,
  wasHandedOut,
  withResent,
} from './inbox-rows.ts';
import type { InboxTable } from './inbox-table.ts';
import type { MessageReader } from './message-reader.ts';
import type { OutcomeChanges } from './outcome-table.ts';
import { type Envelope, hasContent } from './parse-message.ts';
import { attrsOf, resentMessages } from './phone-resend.ts';
import { reduceAttrs } from './reduce-message.ts';
import { noteUnhandled } from './unhandled-message.ts';

/** The stanza that a ciphertext came in, and whether it is the stanza's last ciphertext. */
export interface StanzaPart {
  readonly attrs: BinaryNode['attrs'];
  readonly isLast: boolean;
}

/** Rows to store, and the messages that are handed out when they are stored. */
export interface Decrypted {
  readonly rows: Readonly<Record<string, InboxRow>>;
  readonly messages: readonly IncomingMessage[];
  /** What became of a message that the bot does not get. */
  readonly outcomes?: OutcomeChanges;
}

/** Makes inbox rows of decrypted plaintexts, and messages for the bot of complete ones. Writes nothing itself. */
export class DecryptedMessages {
  readonly #table: InboxTable;
  readonly #reader: MessageReader;

  constructor(table: InboxTable, reader: MessageReader) {
    this.#table = table;
    this.#reader = reader;
  }

  /** `known`: the row that the message has already; `hashes`: those of its ciphertexts, with this one. */
  take(
    key: string,
    known: InboxRow | undefined,
    hashes: readonly string[],
    { attrs, isLast }: StanzaPart,
    envelope: Envelope,
    plaintext: Uint8Array,
  ): Decrypted {
    // The bot has had this message: this is another ciphertext of it, for example a resend.
    if (known && wasHandedOut(known)) return { rows: { [key]: { ...known, hashes } }, messages: [] };
    const received = decodePlaintext(plaintext);
    const opened = this.#reader.openEdit(received, envelope);
    const decoded = opened ?? received;
    const { isFromMe } = envelope;
    const kept = keepPart(decoded, {
      isForBot: this.#reader.isForBot(envelope, decoded, key),
      isFromMe,
      ...(opened ? {} : { plaintext }),
    });
    const parts = [...(known?.parts ?? []), kept.part];
    const row: InboxRow = { atMs: this.#table.nextAtMs(), hashes, attrs: reduceAttrs(attrs), parts };
    const bytes = rowBytes(row);
    if (bytes > LIMITS['table:inbox'].bytesEach) {
      this.#table.noteTooLarge(bytes);
      return {
        rows: { [key]: doneRow(row) },
        messages: [],
        outcomes: this.#unhandled(key, attrs, 'dropped', 'table:inbox'),
      };
    }
    if (!isLast) return { rows: { [key]: row }, messages: [] };
    const resent = this.#resentByPhone(attrs, decoded);
    if (resent) return { ...resent, rows: { ...resent.rows, [key]: doneRow(row) } };
    const whole = joinParts([...decodeParts(known?.parts), kept.message]);
    const message = this.#reader.read(envelope, whole, key);
    if (message) return { rows: { [key]: waitingRow(row, whole) }, messages: [message] };
    const rows = { [key]: ignoredRow(row) };
    if (isFromMe) return { rows, messages: [] };
    return { rows, messages: [], outcomes: this.#unhandled(key, attrs, 'ignored', 'nothing to read') };
  }

  #unhandled(
    key: string,
    attrs: BinaryNode['attrs'],
    outcome: MessageOutcome,
    detail: string,
  ): OutcomeChanges {
    return this.#table.outcomes.changes(key, noteUnhandled(attrs, outcome, detail));
  }

  /** Messages that our phone resent, because WhatsApp did not have them or we could not decrypt them. */
  #resentByPhone(attrs: BinaryNode['attrs'], received: proto.IMessage): Decrypted | undefined {
    const { me } = this.#table;
    const infos = me && isFromOwnPhone({ tag: 'message', attrs }, me) ? resentMessages(received) : undefined;
    if (!me || !infos) return undefined;
    const rows: Record<string, InboxRow> = {};
    const messages: IncomingMessage[] = [];
    for (const info of infos) {
      const stated = attrsOf(info, me);
      const key = this.#table.keyOf(stated);
      const known = key === undefined ? undefined : (rows[key] ?? this.#table.rows.get(key));
      if (key === undefined || !info.message || (known && wasHandedOut(known))) continue;
      const row = withResent(
        known ?? { atMs: this.#table.nextAtMs(), hashes: [], attrs: reduceAttrs(stated) },
        info.message,
        hasContent(info.message),
      );
      const message = this.#reader.readRow(key, row);
      if (message) messages.push(message);
      rows[key] = message ? waitingRow(row, joinParts(decodeParts(row.parts))) : ignoredRow(row);
    }
    return { rows, messages };
  }
}
