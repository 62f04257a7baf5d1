import { Bot, type BotOptions } from '../../../src/bot/bot.ts';
import type { BotSettings } from '../../../src/bot/bot-settings.ts';
import type { Command } from '../../../src/bot/command.ts';
import { CommandRegistry } from '../../../src/bot/loading/command-registry.ts';
import type { Clock } from '../../../src/core/clock.ts';
import type { Log } from '../../../src/core/log.ts';
import { EMPTY_MESSAGE } from '../../../src/core/messages/empty-message.ts';
import type { GroupFacts } from '../../../src/core/messages/group-facts.ts';
import type { IncomingMessage, Person } from '../../../src/core/messages/incoming-message.ts';
import type { Messenger } from '../../../src/core/messages/messenger.ts';
import type { OutgoingMessage } from '../../../src/core/messages/outgoing-message.ts';
import type { Table } from '../../../src/core/table.ts';

export const START_MS = 1_700_000_000_000;

interface Sleeper {
  atMs: number;
  readonly wake: () => void;
}

/** Time that a test moves. Sleepers wake in the order of their times. */
export class FakeClock implements Clock {
  nowMs = START_MS;
  readonly #sleepers: Sleeper[] = [];

  now(): number {
    return this.nowMs;
  }

  upMs(): number {
    return this.nowMs - START_MS;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { atMs: this.nowMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves on, stopping at each sleeper on the way and letting what it woke come to rest. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await rest();
    for (;;) {
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      );
      if (next === undefined || next.atMs > endMs) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
      await rest();
    }
    this.nowMs = endMs;
    await rest();
  }

  /** The machine sleeps: time goes on, timers stand still. */
  suspend(ms: number): void {
    this.nowMs += ms;
    for (const sleeper of this.#sleepers) sleeper.atMs += ms;
  }
}

/** Lets everything that is ready run. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A table in memory that counts its writes. */
export class FakeTable<T> implements Table<T> {
  readonly map = new Map<string, T>();
  failure: Error | undefined;
  writes = 0;

  get(id: string): T | undefined {
    return this.map.get(id);
  }
  has(id: string): boolean {
    return this.map.has(id);
  }
  get size(): number {
    return this.map.size;
  }
  entries(): IterableIterator<[string, T]> {
    return this.map.entries();
  }
  async set(id: string, value: T): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.writes += 1;
    this.map.set(id, JSON.parse(JSON.stringify(value)));
  }
  async delete(id: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.writes += 1;
    this.map.delete(id);
  }
}

/** What survives a restart of the bot. */
export class FakeStorage {
  readonly tables = new Map<string, FakeTable<unknown>>();

  table<T>(name: string): FakeTable<T> {
    const table = this.tables.get(name) ?? new FakeTable<unknown>();
    this.tables.set(name, table);
    return table as FakeTable<T>;
  }
}

/** WhatsApp as the bot sees it. Every message is acknowledged at once, unless `onSend` says otherwise. */
export class FakeMessenger implements Messenger {
  readonly sent: OutgoingMessage[] = [];
  readonly typing: string[] = [];
  readonly groups = new Map<string, GroupFacts>();
  onSend: ((message: OutgoingMessage, signal: AbortSignal) => Promise<void>) | undefined;
  onOpen: ((signal: AbortSignal) => Promise<void>) | undefined;
  onTyping: (() => Promise<void>) | undefined;
  /** What earlier processes sent. */
  hasSent: (id: string) => boolean = () => false;
  file: Uint8Array | ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;

  /** Texts in the order in which they were sent. */
  get texts(): string[] {
    return this.sent.map(({ content }) => (content.kind === 'text' ? content.text : `(${content.kind})`));
  }

  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    await this.onSend?.(message, signal);
    // As it is now: a reminder's text depends on when it leaves.
    this.sent.push({ ...message });
  }
  async showTyping(chat: string, isTyping: boolean): Promise<void> {
    if (isTyping) this.typing.push(chat);
    await this.onTyping?.();
  }
  async whenOpen(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.onOpen?.(signal);
  }
  download(_message: IncomingMessage, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (typeof this.file === 'function') return this.file(signal);
    return this.file === undefined ? Promise.reject(new Error('no file')) : Promise.resolve(this.file);
  }
  async group(chat: string): Promise<GroupFacts> {
    const facts = this.groups.get(chat);
    if (facts === undefined) throw new Error('no such group');
    return facts;
  }
}

export interface LogLine {
  readonly level: string;
  readonly facts: Record<string, unknown>;
  readonly line: string;
}

export class FakeLog implements Log {
  readonly lines: LogLine[];
  readonly #bound: object;

  constructor(lines: LogLine[] = [], bound: object = {}) {
    this.lines = lines;
    this.#bound = bound;
  }
  debug(facts: object, line: string): void {
    this.#add('debug', facts, line);
  }
  info(facts: object, line: string): void {
    this.#add('info', facts, line);
  }
  warn(facts: object, line: string): void {
    this.#add('warn', facts, line);
  }
  error(facts: object, line: string): void {
    this.#add('error', facts, line);
  }
  child(facts: object): FakeLog {
    return new FakeLog(this.lines, { ...this.#bound, ...facts });
  }
  of(level: string): LogLine[] {
    return this.lines.filter((one) => one.level === level);
  }
  #add(level: string, facts: object, line: string): void {
    this.lines.push({ level, facts: { ...this.#bound, ...facts }, line });
  }
}

export const ANNA: Person = {
  id: '15551230001',
  number: '15551230001',
  jid: '15551230001@s.whatsapp.net',
  name: 'Anna',
};
export const BEN: Person = { id: 'lid:7002', number: undefined, jid: '7002@lid', name: 'Ben' };
export const GROUP = '120363000000000001@g.us';

let messageCount = 0;

/** A message of Anna in her direct chat, written now, unless told otherwise. */
export function incoming(text: string, overrides: Partial<IncomingMessage> = {}): IncomingMessage {
  messageCount += 1;
  const sender = overrides.sender ?? ANNA;
  const chat = overrides.chat ?? sender.jid;
  const id = overrides.id ?? `MSG${messageCount}`;
  return {
    ...EMPTY_MESSAGE,
    key: `${chat}|${sender.id}|${id}`,
    id,
    chat,
    chatKind: chat.endsWith('@g.us') ? 'group' : 'direct',
    sender,
    isFromMe: false,
    text,
    sentAtMs: START_MS,
    ...overrides,
  };
}

export const SETTINGS: BotSettings = {
  commandPrefix: '!',
  messageMaxAgeSeconds: 600,
  sendsPerMinute: 0,
  sendsPerChatPerMinute: 0,
  typingDelayMs: 0,
  ownerNumbers: [],
  ownIds: () => ['15559990000', 'lid:9000'],
};

export interface World {
  readonly bot: Bot;
  readonly clock: FakeClock;
  readonly messenger: FakeMessenger;
  readonly storage: FakeStorage;
  readonly log: FakeLog;
  readonly registry: CommandRegistry;
}

/** A bot with these commands and everything around it. Pass `storage` on to start it again. */
export function makeBot(
  commands: readonly Command[],
  {
    wasSent,
    ...given
  }: {
    settings?: Partial<BotSettings>;
    storage?: FakeStorage;
    clock?: FakeClock;
    /** Whether an earlier process sent the message with this id. */
    wasSent?: (id: string) => boolean;
  } & Partial<Omit<BotOptions, 'settings' | 'storage' | 'clock'>> = {},
): World {
  const registry = new CommandRegistry();
  for (const command of commands) registry.set(`src/commands/${command.name}.ts`, command);
  const clock = given.clock ?? new FakeClock();
  const messenger = (given.messenger as FakeMessenger | undefined) ?? new FakeMessenger();
  if (wasSent) messenger.hasSent = wasSent;
  const storage = given.storage ?? new FakeStorage();
  const log = new FakeLog();
  const services = {
    status: () => ({
      connection: 'open',
      connectionAgeMs: 60_000,
      uptimeMs: 3_600_000,
      counts: [['sent', 3]] as const,
    }),
  };
  const bot = new Bot({
    services,
    log,
    commands: registry,
    ...given,
    messenger,
    storage,
    clock,
    settings: { ...SETTINGS, ...given.settings },
  });
  return { bot, clock, messenger, storage, log, registry };
}
