import type { Clock } from '../../core/clock.ts';
import type { Table } from '../../core/messages.ts';

/** The values of a chat: name, value, and when it expires. A list, because a name may be any string. */
export type ChatStateRow = ReadonlyArray<readonly [name: string, value: unknown, expiresAtMs: number]>;

const DEFAULT_TTL_MS = 86_400_000;
const MAX_TTL_MS = 30 * 86_400_000;
/** The length of all values of one chat together, as JSON. */
const MAX_CHAT_CHARACTERS = 8_192;
const MAX_CHATS = 5_000;

/** Small values that handlers keep for a chat. They outlive a restart, and expire. */
export class ChatStates {
  readonly #table: Table<ChatStateRow>;
  readonly #clock: Clock;
  /** The last unfinished write of each chat; the next write waits for it. */
  readonly #writing = new Map<string, Promise<void>>();
  readonly #conversationOf: (chat: string) => string;

  constructor(
    table: Table<ChatStateRow>,
    clock: Clock,
    conversationOf: (chat: string) => string = (chat) => chat,
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#conversationOf = conversationOf;
  }

  of(address: string): ChatState {
    const chat = this.#conversationOf(address);
    return {
      get: (name) => this.#get(chat, name),
      set: (name, value, options) => this.#set(chat, name, value, options?.ttlMs ?? DEFAULT_TTL_MS),
      delete: (name) => this.#change(chat, (row) => row.filter(([one]) => one !== name)),
    };
  }

  /** Removes expired values. Runs at the start, and when the table is full. */
  async prune(): Promise<void> {
    for (const [chat] of [...this.#table.entries()]) await this.#change(chat, (row) => row);
  }

  #get(chat: string, name: string): unknown {
    const found = this.#table.get(chat)?.find(([one]) => one === name);
    return found === undefined || found[2] <= this.#clock.now() ? undefined : found[1];
  }

  async #set(chat: string, name: string, value: unknown, ttlMs: number): Promise<void> {
    if (!this.#table.has(chat) && this.#table.size >= MAX_CHATS) await this.prune();
    if (!this.#table.has(chat) && this.#table.size >= MAX_CHATS) {
      throw new Error(`${MAX_CHATS} chats have state already; delete values, or give them a shorter ttlMs`);
    }
    const expiresAtMs = this.#clock.now() + Math.min(Math.max(0, ttlMs), MAX_TTL_MS);
    await this.#change(chat, (row) => [...row.filter(([one]) => one !== name), [name, value, expiresAtMs]]);
  }

  #change(chat: string, change: (row: ChatStateRow) => ChatStateRow): Promise<void> {
    const write = async () => {
      const old = this.#table.get(chat);
      const now = this.#clock.now();
      const row = change(old ?? []).filter(([, , expiresAtMs]) => expiresAtMs > now);
      if (row.length === 0) return old === undefined ? undefined : this.#table.delete(chat);
      if (old?.length === row.length && old.every((one, index) => one === row[index])) return;
      const length = JSON.stringify(row).length;
      if (length > MAX_CHAT_CHARACTERS) {
        throw new Error(`the state of one chat has ${length} characters, ${MAX_CHAT_CHARACTERS} are allowed`);
      }
      await this.#table.set(chat, row);
    };
    const writing = (this.#writing.get(chat) ?? Promise.resolve()).then(write, write);
    this.#writing.set(chat, writing);
    const forget = () => {
      if (this.#writing.get(chat) === writing) this.#writing.delete(chat);
    };
    writing.then(forget, forget);
    return writing;
  }
}

/**
 * Values of one chat. All handlers share them, so begin each name with the name of your command. Together they may
 * have 8,192 characters of JSON; a write that would exceed this rejects.
 */
export interface ChatState {
  /** The value, or `undefined` if there is none or it has expired. Plain JSON: check what you read. */
  get(name: string): unknown;
  /** Resolves when it is on disk. It expires after `ttlMs` milliseconds: default a day, at most 30 days. */
  set(name: string, value: unknown, options?: { readonly ttlMs?: number }): Promise<void>;
  /** Resolves when the deletion is on disk. */
  delete(name: string): Promise<void>;
}
