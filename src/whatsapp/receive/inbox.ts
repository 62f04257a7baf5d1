import type { EventEmitter } from 'node:events';
import type { BinaryNode, WAMessageKey } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { CrashHistory, WorkMarks } from '../../core/crash-history.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { MessageOutcome, MessageRecord } from '../../core/messages/message-records.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { shortHash } from '../../core/short-hash.ts';
import type { Session } from '../../session/session-store.ts';
import type { KeyChanges } from '../../session/values/key-changes.ts';
import type { ClientEvents } from '../client-events.ts';
import type { WorkWatch } from '../connection/work-watch.ts';
import type { SentMessages } from '../send/sent-messages.ts';
import type { DecryptionHooks } from '../signal/signal-repository.ts';
import { type Decrypted, DecryptedMessages, type StanzaPart } from './decrypted-messages.ts';
import { readEventStanza } from './event-stanza.ts';
import { freezeMessage, thawMessage } from './frozen-message.ts';
import { doneRow, EMPTY_PLAINTEXT, isWantedFromPhone, oldestFirst } from './inbox-rows.ts';
import { InboxTable } from './inbox-table.ts';
import { MessageReader } from './message-reader.ts';
import type { OutcomeTable } from './outcome-table.ts';
import type { EnvelopeFacts } from './parse-message.ts';
import { isLeftToPhone } from './phone-resend.ts';
import { reduceAttrs } from './reduce-message.ts';
import { noteUnhandled } from './unhandled-message.ts';

/**
 * Keeps every message from its stanza until the bot has finished with it.
 *
 * Baileys sends the receipt before anyone has handled the message, so a kill would lose it. Here the plaintext is
 * stored in the same commit as the ratchet: before the receipt, or not at all. Unfinished messages are handed out
 * again after a start. WhatsApp may send a message again that was stored already; it is recognised by the hash of
 * its ciphertext, because a ciphertext cannot be decrypted twice.
 */
export class Inbox implements DecryptionHooks, WorkMarks {
  readonly #table: InboxTable;
  readonly #log: Logger;
  readonly #watch: Pick<WorkWatch, 'finished'> | undefined;
  readonly #events: EventEmitter<ClientEvents>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #reader: MessageReader;
  readonly #intake: DecryptedMessages;
  readonly #facts: EnvelopeFacts;
  readonly #parts = new WeakMap<Uint8Array, StanzaPart>();
  /** The result of each decryption, until it is stored. */
  readonly #ready = new WeakMap<Uint8Array, Decrypted>();
  /** Messages that this process has asked the phone for. */
  readonly #asked = new RecentMap<true>(LIMITS['phone-requests'].count / 2);

  constructor(options: {
    readonly session: Session;
    readonly log: Logger;
    /** Where the inbox emits `received`. */
    readonly events: EventEmitter<ClientEvents>;
    readonly facts: EnvelopeFacts;
    /** The messages that the account sent. Default: none is known. */
    readonly sent?: Pick<SentMessages, 'find'>;
    /** Is told when the bot has finished with a message. */
    readonly watch?: Pick<WorkWatch, 'finished'>;
    readonly clock?: Pick<Clock, 'now'>;
  }) {
    this.#log = options.log;
    this.#facts = options.facts;
    this.#watch = options.watch;
    this.#events = options.events;
    this.#clock = options.clock ?? systemClock;
    this.#table = new InboxTable(options.session, options.log, options.facts, this.#clock);
    this.#reader = new MessageReader(this.#table, options.log, options.sent);
    this.#intake = new DecryptedMessages(this.#table, this.#reader);
  }

  /** Messages that a kill or a stop left unfinished, oldest first. */
  unfinished(): IncomingMessage[] {
    const messages: IncomingMessage[] = [];
    const waiting = [...this.#table.rows].filter(([, row]) => row.isWaiting && (row.attrs || row.notice));
    for (const [key, row] of oldestFirst(waiting)) {
      const message = row.notice ? thawMessage(row.notice) : this.#reader.readRow(key, row);
      if (message) messages.push(row.isSetAside ? { ...message, isSetAside: true } : message);
      else this.#table.trySet({ [key]: doneRow(row) });
    }
    return messages;
  }

  /** A change of a group or a call, before Baileys acknowledges it. Kept only if the bot waits for it. */
  sawEvent(node: BinaryNode): void {
    const message = readEventStanza(node, this.#facts);
    if (!message || !this.#reader.isWanted(message) || this.#table.rows.has(message.key)) return;
    const notice = freezeMessage(message);
    if (notice.length > LIMITS['table:inbox'].bytesEach) return;
    this.#table.trySet({
      [message.key]: { atMs: this.#table.nextAtMs(), hashes: [], notice, isWaiting: true },
    });
    if (this.#table.rows.has(message.key)) this.#events.emit('received', message);
  }

  /** Forgets messages that are too old or too many. */
  prune(): void {
    this.#table.prune();
  }

  /** How many messages are set aside because their handlers crashed the bot. */
  get setAside(): number {
    return this.#table.setAside;
  }

  historyOf(key: string): CrashHistory | undefined {
    const row = this.#table.rows.get(key);
    return row?.isWaiting ? row : undefined;
  }

  /** Writes only for a message that has seen a crash. Throws `STORAGE_FAILED`. */
  noteStarted(key: string): void | Promise<void> {
    const row = this.#table.rows.get(key);
    if (row?.isWaiting && row.crashes !== undefined && !row.isStarted)
      return this.#table.set({ [key]: { ...row, isStarted: true } });
  }

  noteShared(key: string): void {
    const row = this.#table.rows.get(key);
    if (row?.isWaiting && row.isStarted && !row.isShared)
      this.#table.trySet({ [key]: { ...row, isShared: true } });
  }

  /** Writes only for a message that has seen a crash, once. */
  noteSent(key: string): undefined {
    const row = this.#table.rows.get(key);
    if (row?.isWaiting && row.isStarted && !row.hasSent)
      this.#table.trySet({ [key]: { ...row, hasSent: true } });
  }

  /**
   * The bot has finished with the message; `record` says what became of it. Throws `STORAGE_FAILED`; the message is
   * then handed out again.
   */
  finish(key: string, record?: MessageRecord): void | Promise<void> {
    this.#watch?.finished(key);
    const row = this.#table.rows.get(key);
    if (!row?.isWaiting) return;
    const outcomes = record && this.#table.outcomes.changes(key, record);
    return this.#table.set({ [key]: doneRow(row) }, outcomes);
  }

  /** What became of the last messages. */
  get outcomes(): OutcomeTable {
    return this.#table.outcomes;
  }

  /** A message that neither the library nor the bot gets. */
  ignored(attrs: BinaryNode['attrs'], why: string): void {
    this.#noteUnhandled(attrs, 'ignored', why);
  }

  #noteUnhandled(attrs: BinaryNode['attrs'], outcome: MessageOutcome, detail?: string): void {
    const record = noteUnhandled(attrs, outcome, detail, this.#log);
    const { from = '', participant = '', id = '' } = attrs;
    const key = this.#table.keyOf(attrs) ?? `${from}|${participant}|${id}`;
    this.#table.trySet({}, this.#table.outcomes.changes(key, record));
  }

  /** Must be called with each `<message>` stanza before Baileys sees it. */
  sawStanza(node: BinaryNode): void {
    if (isLeftToPhone(node)) this.#expectFromPhone(node.attrs);
    if (!Array.isArray(node.content)) return;
    const ciphertexts = node.content
      .filter((child) => child.tag === 'enc')
      .map((child) => child.content)
      .filter((content) => content instanceof Uint8Array);
    for (const [index, ciphertext] of ciphertexts.entries()) {
      this.#parts.set(ciphertext, { attrs: node.attrs, isLast: index === ciphertexts.length - 1 });
    }
  }

  /** Baileys acknowledges the stanza at once, and keeps only in memory that it must ask the phone. */
  #expectFromPhone(attrs: BinaryNode['attrs']): void {
    const key = this.#table.keyOf(attrs);
    if (key === undefined || this.#table.rows.has(key)) return;
    // If this cannot be stored, the session closes the connection and WhatsApp keeps the stanza.
    this.#table.trySet({ [key]: { atMs: this.#table.nextAtMs(), hashes: [], attrs: reduceAttrs(attrs) } });
  }

  /** Messages that only the phone has and that this process has not asked for, by their keys in the inbox. */
  leftToPhone(): Map<string, WAMessageKey> {
    const found = new Map<string, WAMessageKey>();
    for (const [key, row] of this.#table.rows) {
      if (!row.attrs || !isWantedFromPhone(row, this.#clock.now()) || this.#asked.has(key)) continue;
      const envelope = this.#table.envelope(row.attrs);
      if (envelope) found.set(key, envelope.key);
    }
    return found;
  }

  askedPhone(keys: Iterable<string>): void {
    for (const key of keys) this.#asked.set(key, true);
  }

  before(ciphertext: Uint8Array): Uint8Array | undefined {
    const found = this.#table.findHash(shortHash(ciphertext));
    if (!found) return undefined;
    const part = found.row.parts?.[found.index];
    this.#log.debug('a message came again and was recognised');
    return part === undefined ? EMPTY_PLAINTEXT : Buffer.from(part, 'base64');
  }

  /** The ciphertext could not be decrypted or stored. WhatsApp asks the sender for the message again. */
  failed(ciphertext: Uint8Array): void {
    const part = this.#parts.get(ciphertext);
    if (part) this.#noteUnhandled(part.attrs, 'undecryptable');
  }

  decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): KeyChanges | undefined {
    const part = this.#parts.get(ciphertext);
    const envelope = part && this.#table.envelope(part.attrs);
    if (!envelope) return undefined;
    const key = this.#table.keyFor(envelope);
    const known = this.#table.rows.get(key);
    const hash = shortHash(ciphertext);
    // No honest client sends one message so often, and a row must not grow without a limit.
    if (known && known.hashes.length >= LIMITS['message-ciphertexts'].count) return undefined;
    const hashes = [...(known?.hashes ?? []), hash];
    this.#table.noteHash(hash, key);
    const intake = this.#intake.take(key, known, hashes, part, envelope, plaintext);
    this.#ready.set(ciphertext, intake);
    return { inbox: intake.rows, outcomes: intake.outcomes ?? {} };
  }

  stored(ciphertext: Uint8Array): void {
    const intake = this.#ready.get(ciphertext);
    if (!intake) return;
    this.#ready.delete(ciphertext);
    for (const message of intake.messages) this.#events.emit('received', message);
    this.#table.stored(Object.keys(intake.rows));
  }

  /** Which messages without text and media are kept. Default none. */
  setWanted(isWanted: (message: IncomingMessage) => boolean): void {
    this.#reader.setWanted(isWanted);
  }
}
