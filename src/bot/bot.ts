import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { IncomingMessage, Messenger, OutgoingMessage, Table } from '../core/messages.ts';
import type { BotSettings } from './bot-settings.ts';
import type { Context } from './context.ts';
import type { Ignored } from './intake/admission.ts';
import { type EditRow, Edits } from './intake/edits.ts';
import { LOOP_LIMITS } from './intake/loop-guard.ts';
import { LoopWatch } from './intake/loop-memory.ts';
import { Inbox } from './intake/message-filter.ts';
import { Router, type RouterCounts } from './intake/message-router.ts';
import type { CommandRegistry } from './loading/command-registry.ts';
import type { Middleware } from './middleware.ts';
import { isOwner } from './run/access.ts';
import { Desk, type DeskCounts } from './run/command-runner.ts';
import type { Outcome } from './run/outcome.ts';
import { safeError } from './run/safe-error.ts';
import { Outbox } from './send/outbox.ts';
import type { Services } from './services.ts';
import { type ChatStateRow, ChatStates } from './state/chat-state.ts';
import { type Reminder, Reminders } from './state/reminders.ts';

export interface BotOptions {
  readonly messenger: Messenger;
  /** Durable tables by name: `chat-state`, `edits`, `reminders`. */
  readonly storage: { table<T>(name: string): Table<T> };
  readonly settings: BotSettings;
  readonly commands: CommandRegistry;
  readonly services: Services;
  readonly clock: Clock;
  readonly log: Log;
  /** Steps around every command, the first outermost. Default none. */
  readonly middleware?: readonly Middleware<Context>[];
  /** One key for a chat, whichever of a person's addresses it comes under. Default: each address is one. */
  readonly conversationOf?: (chat: string) => string;
  /** Whether the bot sent the message with this id in an earlier run, where that is known. */
  readonly wasSent?: (messageId: string) => boolean;
  /** How long a handler may take, its sends not counted. Default 60,000. */
  readonly handlerLimitMs?: number;
  /** How long handlers may go on after `stop()`. Default 700. */
  readonly stopGraceMs?: number;
}

const DONE = Promise.resolve<Outcome>('done');
const UNFINISHED = Promise.resolve<Outcome>('unfinished');

/** Takes messages, runs the commands in them, and sends the answers: in order in each chat, chats side by side. */
export class Bot {
  readonly #options: BotOptions;
  readonly #desk: Desk;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #router: Router;
  readonly #edits: Edits;
  readonly #states: ChatStates;
  readonly #reminders: Reminders;
  /** Runs work outside of whatever async context a message came in: a key transaction must not swallow a handler's. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BotOptions) {
    const { messenger, clock, log, settings, storage } = options;
    this.#options = options;
    const ownerNumbers = new Set(settings.ownerNumbers);
    this.#inbox = new Inbox({
      clock,
      log,
      maxAgeMs: settings.messageMaxAgeSeconds * 1_000,
      wasSent: options.wasSent,
    });
    // Without a limit on sends (tests, benches) an even pace proves nothing.
    const evenTurns = settings.sendsPerChatPerMinute > 0 ? LOOP_LIMITS.evenTurns : 0;
    const conversationOf = options.conversationOf ?? ((chat) => chat);
    const loops = new LoopWatch(clock, log, { ...LOOP_LIMITS, evenTurns }, conversationOf);
    this.#outbox = new Outbox({
      conversationOf,
      messenger,
      clock,
      log,
      perMinute: settings.sendsPerMinute,
      perChatPerMinute: settings.sendsPerChatPerMinute,
      typingDelayMs: settings.typingDelayMs,
      onSending: (message) => {
        this.#inbox.noteOwn(message.id);
        loops.noteWritten(message);
      },
    });
    const send = this.#outbox.send.bind(this.#outbox);
    this.#edits = new Edits(storage.table<EditRow>('edits'));
    this.#states = new ChatStates(storage.table<ChatStateRow>('chat-state'), clock, conversationOf);
    this.#reminders = new Reminders(storage.table<Reminder>('reminders'), clock, log, send);
    this.#desk = new Desk({
      clock,
      log,
      messenger,
      services: options.services,
      states: this.#states,
      reminders: this.#reminders,
      send,
      commands: options.commands,
      prefix: settings.commandPrefix,
      middleware: options.middleware ?? [],
      limitMs: options.handlerLimitMs ?? 60_000,
    });
    this.#router = new Router({
      conversationOf,
      clock,
      log,
      inbox: this.#inbox,
      edits: this.#edits,
      loops,
      commands: options.commands,
      prefix: settings.commandPrefix,
      serve: (message, loaded, line) => {
        const owners = { numbers: ownerNumbers, ownIds: settings.ownIds() };
        return this.#desk.serve(message, loaded, line, isOwner(message.sender, message.isFromMe, owners));
      },
      hint: (message, text) => this.#desk.notify(message, 1, text),
    });
  }

  /** Facts for a status page. */
  get stats(): BotStats {
    return {
      ...this.#router.counts,
      ...this.#desk.counts,
      ...this.#outbox.stats,
      ignored: this.#inbox.ignored,
      reminders: this.#reminders.pending,
    };
  }

  /** Takes up reminders that were kept, and clears out what is over. Idempotent. */
  start(): Promise<void> {
    this.#starting ??= this.#outside(() => this.#start());
    return this.#starting;
  }

  /** Settles in little more than the grace: unfinished handlers are cut off, and nothing is sent from here on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * `done` when nothing is left to do for this message, `unfinished` when it must be handed over again later.
   * The same message again is the same handling. Never rejects.
   */
  handle(message: IncomingMessage): Promise<Outcome> {
    if (this.#stopping !== undefined) return UNFINISHED;
    try {
      return this.#outside(() => this.#router.route(message));
    } catch (error) {
      this.#options.log.error({ err: safeError(error, '') }, 'a message could not be looked at');
      return DONE;
    }
  }

  /**
   * Sends what answers no message: in its chat's order and at the pace of everything else. Settles as
   * `Outbox.send` does.
   */
  send(message: OutgoingMessage): Promise<void> {
    return this.#outside(() => this.#outbox.send(message));
  }

  async #start(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await Promise.all([this.#states.prune(), this.#edits.prune(clock.now())]);
    } catch (error) {
      // It is only for order's sake, and a later start does it again.
      log.warn({ err: safeError(error, '') }, 'what is over could not be cleared out');
    }
    if (this.#stopping === undefined) this.#reminders.start();
  }

  async #stop(): Promise<void> {
    const { clock, stopGraceMs = 700 } = this.#options;
    const grace = new AbortController();
    const idle = this.#router.close();
    await Promise.race([idle, clock.sleep(stopGraceMs, grace.signal).catch(() => undefined)]);
    grace.abort();
    this.#desk.cutAll();
    this.#outbox.stop();
    this.#inbox.stop();
    await Promise.all([idle, this.#reminders.stop(), this.#starting?.catch(() => undefined)]);
  }
}

export interface BotStats extends DeskCounts, RouterCounts {
  readonly queued: number;
  readonly sent: number;
  readonly reminders: number;
  readonly ignored: Readonly<Record<Ignored, number>>;
}
