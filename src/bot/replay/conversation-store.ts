import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import {
  CrashMarks,
  historyAtStart,
  historyOf,
  type MarkedRow,
  withoutCrashes,
} from '../../core/crash-history.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Table, TableStorage } from '../../core/table.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import { sendId } from '../send/message-id.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { ConversationIndex } from './conversation-index.ts';
import {
  type Answer,
  type ConversationRow,
  endedRow,
  isConversationRow,
  isExpired,
  isInProgress,
  messageKeysOf,
  type StoredConversation,
  sendsIn,
  waitingFor,
  withEntry,
} from './conversation-row.ts';

export interface ConversationStoreOptions {
  readonly storage: TableStorage;
  readonly clock: Clock;
  readonly log: Log;
  readonly addresses: Pick<Addresses, 'chatKeyOf'>;
  /** Whether the last process was killed. */
  readonly wasKilled: boolean;
  readonly sentIds: Pick<SentIds, 'has'>;
}

const LIMIT = LIMITS['table:runs'];

/** The open conversations: one for each person in each chat. Every change is on disk when it resolves. */
export class ConversationStore {
  /** Notes which handlers run, for conversations that have seen a crash. */
  readonly marks = new CrashMarks((key) => this.#marked(key));
  readonly #options: ConversationStoreOptions;
  readonly #index = new ConversationIndex();

  constructor(options: ConversationStoreOptions) {
    this.#options = options;
  }

  get #table(): Table<ConversationRow> {
    return this.#options.storage.table<ConversationRow>('runs');
  }

  /** Whether any conversation is open. */
  get isAnyOpen(): boolean {
    return this.#table.size > 0 && this.#index.isAnyOpen;
  }

  /** Reads the table and counts the crash. Rows that are damaged, too large or too old are removed. */
  async load(): Promise<void> {
    const { clock, log } = this.#options;
    const table = this.#table;
    for (const [id, row] of [...table.entries()]) {
      const size = isConversationRow(row) ? sizeOf(row) : Number.POSITIVE_INFINITY;
      const isSound = size <= LIMIT.bytesEach;
      if (!isSound) log.warn({}, 'a conversation on disk is damaged or too large, and is removed');
      if (!isSound || isExpired(row, clock.now())) await table.delete(id);
      else {
        this.#index.change(id, undefined, row, size);
        await this.#noteCrash(id, row);
      }
    }
  }

  /** After a crash, what was in progress gets one more crash. After a clean stop its marks are removed. */
  async #noteCrash(id: string, row: ConversationRow): Promise<void> {
    const { wasKilled, sentIds } = this.#options;
    const hadSent = () => sentIds.has(sendId(row.idKey, sendsIn(row) + 1));
    const history = historyAtStart(row, wasKilled && isInProgress(row), hadSent);
    // If this cannot be stored, the crash is not counted.
    if (history) await this.save(id, { ...withoutCrashes(row), ...history }).catch(() => undefined);
  }

  #marked(messageKey: string): MarkedRow | undefined {
    const found = this.withMessage(messageKey);
    if (found === undefined || found.row.isEnded) return undefined;
    return {
      history: historyOf(found.row),
      repeats: found.row.log.length > 0,
      store: (history) => this.save(found.id, { ...withoutCrashes(found.row), ...history }),
    };
  }

  /** All open conversations. */
  all(): StoredConversation[] {
    return [...this.#table.entries()].filter(([, row]) => !row.isEnded).map(([id, row]) => ({ id, row }));
  }

  get(id: string): ConversationRow | undefined {
    const row = this.#table.get(id);
    return row === undefined || row.isEnded ? undefined : row;
  }

  /** The conversation of this person in this chat. */
  of(chat: string, personJid: string): StoredConversation | undefined {
    if (!this.isAnyOpen) return undefined;
    const id = this.idOf(chat, personJid);
    const row = this.get(id);
    if (row !== undefined) return { id, row };
    // It may have begun under an address whose owner is known only now.
    return this.all().find((one) => one.row.personJid.endsWith('@lid') && this.#idOfRow(one.row) === id);
  }

  /** All rows, open or ended, that a message began or answered: several listeners may have one each. */
  allWithMessage(messageKey: string): StoredConversation[] {
    const all = [...this.#table.entries()].map(([id, row]) => ({ id, row }));
    return all.filter(({ row }) => messageKeysOf(row).includes(messageKey));
  }

  /** The newest row, open or ended, that a message began or answered. */
  withMessage(messageKey: string): StoredConversation | undefined {
    if (this.#table.size === 0) return undefined;
    const id = this.#index.withMessage(messageKey);
    const row = id === undefined ? undefined : this.#table.get(id);
    return id === undefined || row === undefined ? undefined : { id, row };
  }

  idOf(chat: string, personJid: string): string {
    return [chat, personJid].map((jid) => this.#options.addresses.chatKeyOf(jid)).join('\n');
  }

  /** Stores a row. Throws a `Refusal` if there are too many, and a `RangeError` if it is too large. */
  async save(id: string, row: ConversationRow): Promise<void> {
    const table = this.#table;
    const size = sizeOf(row);
    if (size > LIMIT.bytesEach) {
      noteLimitReached('table:runs');
      throw new RangeError(
        `the log of this conversation would have ${size} bytes, ${LIMIT.bytesEach} are allowed`,
      );
    }
    if (this.get(id) === undefined && !row.isEnded) {
      if (table.size >= LIMIT.count) await this.#makeRoom();
      this.#checkRoom(row, size);
    }
    // Counted at once, so that many conversations that begin side by side do not all fit.
    const old = table.get(id);
    this.#index.change(id, old, row, size);
    try {
      await table.set(id, row);
    } catch (error) {
      this.#index.change(id, row, old, old && sizeOf(old));
      throw error;
    }
  }

  /** The handler has ended and must run again. */
  async noteOver(id: string): Promise<void> {
    const row = this.get(id);
    if (!row?.isStarted) return;
    const { isStarted, isIdle, isShared, ...over } = row;
    await this.save(id, over);
  }

  /** Stores a row under another key. */
  async move(from: string, to: string, row: ConversationRow): Promise<void> {
    const old = this.#table.get(from);
    // It must not count twice.
    this.#index.change(from, old, undefined, undefined);
    try {
      await this.save(to, row);
    } catch (error) {
      this.#index.change(from, undefined, old, old && sizeOf(old));
      throw error;
    }
    await this.#table.delete(from);
  }

  /** Adds the answer to the open question. */
  async answer(id: string, row: ConversationRow, answer: Answer): Promise<void> {
    const waiting = waitingFor(row);
    if (waiting?.kind !== 'ask') return;
    await this.save(id, withEntry(row, { ...waiting, answer }, this.#options.clock.now()));
  }

  /** The sleep has ended, and its handler goes on. */
  async wake(id: string, row: ConversationRow): Promise<void> {
    const waiting = waitingFor(row);
    if (waiting?.kind !== 'sleep') return;
    await this.save(id, withEntry(row, { ...waiting, isOver: true }, this.#options.clock.now()));
  }

  /** Ends the conversation: its remembered calls are dropped. */
  async end(id: string): Promise<void> {
    const row = this.#table.get(id);
    if (row === undefined || row.isEnded) return;
    const ended = endedRow(row, this.#options.clock.now());
    await this.#table.set(id, ended);
    this.#index.change(id, row, ended, sizeOf(ended));
  }

  /** Ends what is too old and removes what ended a while ago. */
  async prune(): Promise<void> {
    const table = this.#table;
    for (const [id, row] of [...table.entries()]) {
      if (!isExpired(row, this.#options.clock.now())) continue;
      if (row.isEnded) {
        await table.delete(id);
        this.#index.change(id, row, undefined, undefined);
      } else await this.end(id);
    }
  }

  /** Removes what is too old, and if that is not enough, what ended first. */
  async #makeRoom(): Promise<void> {
    await this.prune();
    const ended = [...this.#table.entries()].filter(([, row]) => row.isEnded);
    ended.sort(([, a], [, b]) => a.changedAtMs - b.changedAtMs);
    for (const [id, row] of ended) {
      if (this.#table.size < LIMIT.count) return;
      await this.#table.delete(id);
      this.#index.change(id, row, undefined, undefined);
    }
  }

  /** Throws a `Refusal` if there is no room for one more conversation, of this person or of anybody. */
  #checkRoom(row: ConversationRow, size: number): void {
    const ofPerson = this.#index.openOf(row.personId);
    if (ofPerson >= LIMITS['runs:person'].count) {
      noteLimitReached('runs:person');
      throw new Refusal(phrases.ownConversationsFull);
    }
    if (this.#table.size >= LIMIT.count || this.#index.bytes + size > LIMIT.bytes) {
      noteLimitReached('table:runs');
      throw new Refusal(phrases.conversationsFull);
    }
  }

  #idOfRow(row: ConversationRow): string {
    return this.idOf(row.chat, row.personJid);
  }
}

const sizeOf = (row: ConversationRow): number => Buffer.byteLength(JSON.stringify(row));
