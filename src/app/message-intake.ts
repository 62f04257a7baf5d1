import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import type { Bot } from '../bot/bot.ts';
import { isAppError } from '../core/errors.ts';
import type { IncomingMessage, Person } from '../core/messages/incoming-message.ts';
import { beginRecord, endRecord, type MessageRecord } from '../core/messages/message-records.ts';
import { maskJid, maskNumber } from '../logging/mask.ts';
import type { ClientEvents } from '../whatsapp/client-events.ts';
import type { ClientState } from '../whatsapp/client-state.ts';

export interface MessageIntakeParts {
  readonly client: EventEmitter<ClientEvents> & {
    readonly state: Pick<ClientState, 'kind'>;
    readonly inbox: {
      unfinished(): IncomingMessage[];
      finish(key: string, record?: MessageRecord): void | Promise<void>;
    };
  };
  /** Loaded while the connection shakes hands: messages wait for it in the inbox. */
  readonly bot: Promise<Pick<Bot, 'handle'>>;
  readonly log: {
    debug?(facts: object, line: string): void;
    info(facts: object, line: string): void;
    error(facts: object, line: string): void;
  };
  /** How often the unfinished messages are taken from the inbox, beside each opening. Default 60,000. */
  readonly everyMs?: number;
}

const EVERY_MS = 60_000;

/**
 * Hands messages to the bot, and no other code does. When a connection opens, and each minute, it takes all unfinished
 * messages from the inbox, oldest first. While a connection is open, it also takes each message that arrives. It takes
 * none before that, because it needs the time of WhatsApp, which a login brings, to know the age of a message.
 */
export class MessageIntake {
  readonly #parts: MessageIntakeParts;
  /** Messages in progress, by their keys. */
  readonly #inProgress = new Map<string, Promise<void>>();
  /**
   * Leaves the async context of the caller, which may be a key transaction of Baileys. The transactions of a handler
   * must not become part of that one.
   */
  readonly #inCleanContext = AsyncLocalStorage.snapshot();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: MessageIntakeParts) {
    this.#parts = parts;
  }

  start(): void {
    const { client, log, everyMs = EVERY_MS } = this.#parts;
    const { length } = client.inbox.unfinished();
    if (length > 0)
      client.once('opened', () =>
        log.info({ messages: length }, 'Handling messages that were unfinished when the bot ended'),
      );
    client.on('opened', () => this.#takeAll());
    client.on('received', (message) => {
      if (client.state.kind === 'open') this.#take(message);
    });
    this.#timer = setInterval(() => {
      if (client.state.kind === 'open') this.#takeAll();
    }, everyMs).unref();
  }

  /**
   * Takes no further message. Resolves when the bot has settled those that it was handed, so stop the bot before this
   * or at the same time.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await Promise.all(this.#inProgress.values());
  }

  #takeAll(): void {
    for (const message of this.#parts.client.inbox.unfinished()) this.#take(message);
  }

  #take(message: IncomingMessage): void {
    const { key } = message;
    if (this.#isStopped || this.#inProgress.has(key)) return;
    const work = this.#inCleanContext(() => this.#handToBot(message)).finally(() =>
      this.#inProgress.delete(key),
    );
    this.#inProgress.set(key, work);
  }

  /** Never rejects: the message stays in the inbox and is taken again. */
  async #handToBot(message: IncomingMessage): Promise<void> {
    const { bot, client, log } = this.#parts;
    const { key, id, chatKind, sender } = message;
    beginRecord(key, { id, chatKind, sender: maskedSender(sender), atMs: Date.now() });
    let record: MessageRecord | undefined;
    try {
      const result = await (await bot).handle(message);
      record = endRecord(key, result === 'done' ? 'ran' : 'put-off', Date.now());
      if (result === 'done') await client.inbox.finish(key, record);
    } catch (error) {
      // The session has reported a write that failed.
      if (!isAppError(error, 'STORAGE_FAILED')) log.error({ err: error }, 'could not handle a message');
    } finally {
      record ??= endRecord(key, 'put-off', Date.now());
      if (record !== undefined) log.debug?.({ ...record }, 'a message was handled');
    }
  }
}

const maskedSender = ({ number, jid }: Person): string =>
  number === undefined ? maskJid(jid) : maskNumber(`+${number}`);
