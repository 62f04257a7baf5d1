import type { Clock } from '../../core/clock.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import type { StoredConversation } from './conversation-row.ts';
import { type ConversationRow, type Entry, withEntry } from './conversation-row.ts';
import type { ConversationStore } from './conversation-store.ts';

/** What begins a conversation. */
export interface ReplayStart {
  readonly idKey: string;
  readonly message: IncomingMessage;
  readonly handler: ConversationRow['handler'];
  /** What happens if the person has another open conversation in the chat. */
  readonly whenOpen: 'newest' | 'first';
}

export interface ConversationLogParts {
  readonly runs: ConversationStore;
  readonly clock: Clock;
  freeze(message: IncomingMessage): string;
}

/** What a handler did in its earlier runs. It has a row in the session from the first entry that is written. */
export class ConversationLog {
  readonly #parts: ConversationLogParts;
  readonly #start: ReplayStart;
  /** The key of the row. Until the handler waits, it is one of its own, beside the conversation of the person. */
  #id: string;
  #row: ConversationRow | undefined;
  #beginning: Promise<ConversationRow> | undefined;
  /** Entries that are written with the next one, or before the next send. */
  readonly #unwritten: Entry[] = [];

  constructor(parts: ConversationLogParts, start: ReplayStart, stored: StoredConversation | undefined) {
    this.#parts = parts;
    this.#start = start;
    this.#id = stored?.id ?? `${this.#personId}\n${start.idKey}`;
    this.#row = stored?.row;
  }

  /** The key of the row, if there is one. */
  get storedId(): string | undefined {
    return this.#row === undefined ? undefined : this.#id;
  }

  /** The key of the one conversation that the person may have in this chat. */
  get #personId(): string {
    const { chat, sender } = this.#start.message;
    return this.#parts.runs.idOf(chat, sender.jid);
  }

  get entries(): readonly Entry[] {
    return this.#row?.log ?? [];
  }

  at(at: number): Entry | undefined {
    const { log } = this.#row ?? {};
    if (at === log?.at(-1)?.at) this.#parts.runs.marks.noteCaughtUp(this.#start.message.key);
    return log?.find((entry) => entry.at === at);
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0;
  }

  /** Adds an entry that need not be on disk yet. */
  addLater(entry: Entry): void {
    this.#unwritten.push(entry);
  }

  /** Stores that the conversation has begun. Throws a `Refusal` if it must not begin. */
  async begin(): Promise<ConversationRow> {
    // Two steps that run side by side may both be the first.
    this.#beginning ??= this.#row === undefined ? this.#begin() : Promise.resolve(this.#row);
    return this.#beginning;
  }

  /** The same for a handler that is to wait: the person's other conversation in this chat ends, or the new one is refused. */
  async beginToWait(): Promise<void> {
    const { runs } = this.#parts;
    const id = this.#personId;
    const row = this.#row;
    if (row !== undefined && this.#id === id) return;
    const other = this.#other();
    if (other !== undefined) await runs.end(other.id);
    const from = this.#id;
    this.#id = id;
    if (row === undefined) await this.begin();
    else await runs.move(from, id, row);
  }

  /** The open conversation of the person in this chat, if it is another one. Throws a `Refusal` if it goes first. */
  #other(): StoredConversation | undefined {
    const { chat, sender } = this.#start.message;
    const other = this.#parts.runs.of(chat, sender.jid);
    if (other === undefined || other.id === this.#id) return undefined;
    if (this.#start.whenOpen === 'first') throw new Refusal(phrases.finishFirst);
    return other;
  }

  /** Writes the entries that were added, and these. */
  async write(entries: readonly Entry[]): Promise<void> {
    const { runs, clock } = this.#parts;
    const begun = this.#row ?? (await this.begin());
    let row = this.#row ?? begun;
    const now = clock.now();
    for (const entry of [...this.#unwritten.splice(0), ...entries]) row = withEntry(row, entry, now);
    this.#row = row;
    await runs.save(this.#id, row);
  }

  async #begin(): Promise<ConversationRow> {
    const { runs, clock, freeze } = this.#parts;
    const { idKey, message, handler } = this.#start;
    const { chat, sender, key } = message;
    this.#other();
    const now = clock.now();
    const row: ConversationRow = {
      version: 1,
      idKey,
      handler,
      chat,
      personJid: sender.jid,
      personId: sender.id,
      messageKey: key,
      message: freeze(message),
      log: [],
      startedAtMs: now,
      changedAtMs: now,
      isEnded: false,
    };
    await runs.save(this.#id, row);
    this.#row ??= row;
    return row;
  }
}
