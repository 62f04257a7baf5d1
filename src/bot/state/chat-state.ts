import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import { EntrySizes } from '../../core/entry-sizes.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Table } from '../../core/table.ts';
import { ChatQueues } from '../chat-queues.ts';
import { jsonCopy } from '../replay/json-value.ts';

/** The values of a chat: name, value, and when it expires. A list, because a name may be any string. */
export type ChatStateRow = ReadonlyArray<readonly [name: string, value: unknown, expiresAtMs: number]>;

const DEFAULT_TTL_MS = 86_400_000;
const { count: MAX_CHATS, bytes: MAX_BYTES, bytesEach, timeMs: MAX_TTL_MS } = LIMITS['table:chat-state'];

/** How many characters all values of one chat or person may have together, as JSON; one has at most three bytes. */
const MAX_CHARACTERS = bytesEach / 3;
const MAX_BOT_CHARACTERS = 65_536;

/** The values of chats, of people and of the bot, in one table. The rows of people and of the bot have a prefix. */
export class StateStores {
  readonly chats: StateScope;
  readonly persons: StateScope;
  readonly bot: StateScope;
  readonly #states: ChatStates;

  constructor(table: Table<ChatStateRow>, clock: Clock, addresses: Pick<Addresses, 'chatKeyOf'>) {
    const states = new ChatStates(table, clock);
    this.#states = states;
    this.chats = { of: (chat) => states.of(addresses.chatKeyOf(chat)) };
    this.persons = { of: (jid) => states.of(`person:${addresses.chatKeyOf(jid)}`) };
    this.bot = { of: (name) => states.of(`bot:${name}`, MAX_BOT_CHARACTERS) };
  }

  /** Removes expired values. */
  prune(): Promise<void> {
    return this.#states.prune();
  }
}

/** The values of all chats, of all people, or of the bot. */
interface StateScope {
  of(address: string): StateValues;
}

const expiryOf = (nowMs: number, ttlMs: number): number => nowMs + Math.min(Math.max(0, ttlMs), MAX_TTL_MS);

const bytesOf = (row: ChatStateRow): number => Buffer.byteLength(JSON.stringify(row));

/** Small values that handlers keep for a chat. They outlive a restart, and expire. */
export class ChatStates {
  readonly #table: Table<ChatStateRow>;
  readonly #clock: Clock;
  readonly #writes = new ChatQueues<void>();
  readonly #weights = new EntrySizes();

  constructor(table: Table<ChatStateRow>, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
    for (const [chat, row] of table.entries()) this.#weights.set(chat, bytesOf(row));
  }

  /** The values of one row. Together they may have `max` characters of JSON. */
  of(chat: string, max = MAX_CHARACTERS): StateValues {
    return {
      get: (name) => this.#get(chat, name),
      set: async (name, value, options) => {
        const kept = jsonCopy(value, `the value "${name}"`);
        await this.#set(chat, max, name, kept, options?.ttlMs ?? DEFAULT_TTL_MS);
      },
      delete: (name) => this.#change(chat, max, (row) => row.filter(([one]) => one !== name)),
      update: (name, change, options) =>
        this.#update(chat, max, name, change, options?.ttlMs ?? DEFAULT_TTL_MS),
    };
  }

  /** Removes expired values. Runs at the start, and when the table is full. No limit applies: rows only get smaller. */
  async prune(): Promise<void> {
    for (const [chat] of [...this.#table.entries()])
      await this.#change(chat, Number.POSITIVE_INFINITY, (row) => row);
  }

  #get(chat: string, name: string): unknown {
    const found = this.#table.get(chat)?.find(([one]) => one === name);
    return found === undefined || found[2] <= this.#clock.now() ? undefined : found[1];
  }

  async #set(chat: string, max: number, name: string, value: unknown, ttlMs: number): Promise<void> {
    if (this.#needsRoom(chat)) await this.#makeRoom(chat);
    const expiresAtMs = expiryOf(this.#clock.now(), ttlMs);
    await this.#change(chat, max, (row) => [
      ...row.filter(([one]) => one !== name),
      ...(value === undefined ? [] : [[name, value, expiresAtMs] as const]),
    ]);
  }

  async #update<T>(
    chat: string,
    max: number,
    name: string,
    change: (value: unknown) => T,
    ttlMs: number,
  ): Promise<T> {
    if (this.#needsRoom(chat)) await this.#makeRoom(chat);
    let value: T | undefined;
    await this.#change(chat, max, (row) => {
      const now = this.#clock.now();
      value = change(row.find(([one, , untilMs]) => one === name && untilMs > now)?.[1]);
      const kept = jsonCopy(value, `the value "${name}"`);
      const others = row.filter(([one]) => one !== name);
      return kept === undefined ? others : [...others, [name, kept, expiryOf(now, ttlMs)]];
    });
    return value as T;
  }

  #needsRoom(chat: string): boolean {
    return (!this.#table.has(chat) && this.#table.size >= MAX_CHATS) || this.#weights.total >= MAX_BYTES;
  }

  async #makeRoom(chat: string): Promise<void> {
    await this.prune();
    if (!this.#needsRoom(chat)) return;
    noteLimitReached('table:chat-state');
    throw new Error(
      `${this.#table.size} chats have state already; delete values, or give them a shorter ttlMs`,
    );
  }

  #change(chat: string, max: number, change: (row: ChatStateRow) => ChatStateRow): Promise<void> {
    return this.#writes.run(chat, async () => {
      const old = this.#table.get(chat);
      const now = this.#clock.now();
      const row = change(old ?? []).filter(([, , expiresAtMs]) => expiresAtMs > now);
      if (row.length === 0) {
        if (old !== undefined) await this.#table.delete(chat);
        this.#weights.set(chat, undefined);
        return;
      }
      if (old?.length === row.length && old.every((one, index) => one === row[index])) return;
      const length = JSON.stringify(row).length;
      if (length > max) {
        throw new Error(`the state of one chat has ${length} characters, ${max} are allowed`);
      }
      await this.#table.set(chat, row);
      this.#weights.set(chat, bytesOf(row));
    });
  }
}

/**
 * Values of one chat, of one person in all chats, or of the bot. All handlers share them, so begin each name with the
 * name of your command. Together the values of one chat or person may have 8,192 characters of JSON, those of the bot
 * 65,536; a write that would exceed this rejects.
 */
export interface StateValues {
  /** The value, or `undefined` if there is none or it has expired. Plain JSON: check what you read. */
  get(name: string): unknown;
  /**
   * Resolves when it is on disk. It expires after `ttlMs` milliseconds: default a day, at most 30 days. Rejects with a
   * `TypeError` for a value that JSON would change, such as a Date or a Map; `undefined` deletes it.
   */
  set(name: string, value: unknown, options?: { readonly ttlMs?: number }): Promise<void>;
  /** Resolves when the deletion is on disk. */
  delete(name: string): Promise<void>;
  /**
   * Sets the value to what `change` makes of the present one, and resolves with it when it is on disk. Two updates at
   * once are made one after the other, so that none is lost. `change` must not return a promise.
   */
  update<T>(name: string, change: (value: unknown) => T, options?: { readonly ttlMs?: number }): Promise<T>;
}
