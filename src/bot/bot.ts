import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { IncomingMessage, Messenger, OutgoingMessage, Table } from '../core/messages.ts';
import type { WorkMarks } from '../core/poison.ts';
import { RecentMap } from '../core/recent-map.ts';
import { plainText } from '../core/text.ts';
import type { BotSettings } from './bot-settings.ts';
import type { Context } from './context.ts';
import type { Ignored } from './intake/admission.ts';
import { type EditRow, Edits } from './intake/edits.ts';
import { LOOP_LIMITS } from './intake/loop-guard.ts';
import { LoopWatch } from './intake/loop-watch.ts';
import { MessageFilter } from './intake/message-filter.ts';
import { MessageRouter, type RouterCounts } from './intake/message-router.ts';
import { parseCommand } from './intake/parse-command.ts';
import type { CommandRegistry } from './loading/command-registry.ts';
import { ListenerRegistry } from './loading/listener-registry.ts';
import type { Middleware } from './middleware.ts';
import { Conversations } from './replay/conversations.ts';
import type { RunRow } from './replay/run-row.ts';
import { freezePlain, Runs, type StoredRun, thawPlain } from './replay/runs.ts';
import { isOwner } from './run/access.ts';
import { isAddressed, meOf } from './run/addressed.ts';
import { CommandTasks } from './run/command-tasks.ts';
import { HandlerRunner, type HandlerTask, type RunCounts } from './run/handler-runner.ts';
import { listenerTask } from './run/listener-task.ts';
import type { Outcome } from './run/outcome.ts';
import { safeError } from './run/safe-error.ts';
import { scheduleMessage, scheduleTask } from './run/schedule-task.ts';
import { sendId } from './send/message-id.ts';
import { Outbox } from './send/outbox.ts';
import { reachable } from './send/reachable.ts';
import { type Say, toContent } from './send/say.ts';
import type { Services } from './services.ts';
import { type ChatStateRow, StateStores } from './state/chat-state.ts';
import { type PollRow, Polls } from './state/polls.ts';
import { type Reminder, Reminders } from './state/reminders.ts';
import { type ScheduleRow, Schedules } from './state/schedules.ts';

export interface BotOptions {
  readonly messenger: Messenger;
  /** Durable tables by name: `chat-state`, `edits`, `reminders`. */
  readonly storage: { table<T>(name: string): Table<T> };
  readonly settings: BotSettings;
  readonly commands: CommandRegistry;
  /** Default none. */
  readonly listeners?: ListenerRegistry;
  readonly services: Services;
  readonly clock: Clock;
  readonly log: Log;
  /** Steps that run around every command, the first outermost. Default none. */
  readonly middleware?: readonly Middleware<Context>[];
  /** The key of a chat: the same for both addresses of a person. Default: the address itself. */
  readonly conversationOf?: (chat: string) => string;
  /** Whether an earlier run of the bot sent the message with this id. Default: never. */
  readonly wasSent?: (messageId: string) => boolean;
  /** Notes durably which handlers run, to find one that crashes the bot. Default: nothing is noted. */
  readonly marks?: WorkMarks;
  /** How long a handler may take, its sends not counted. Default 60,000. */
  readonly handlerLimitMs?: number;
  /** How long handlers may go on after `stop()`. Default 700. */
  readonly stopGraceMs?: number;
}

const DONE = Promise.resolve<Outcome>('done');
const UNFINISHED = Promise.resolve<Outcome>('unfinished');

/** Takes messages, runs the commands in them, and sends the answers: in order in each chat, and chats in parallel. */
export class Bot {
  readonly #options: BotOptions;
  readonly #runner: HandlerRunner;
  readonly #filter: MessageFilter;
  readonly #outbox: Outbox;
  readonly #router: MessageRouter;
  readonly #edits: Edits;
  readonly #states: StateStores;
  readonly #polls: Polls;
  /** The names of people who have written, by their ids. */
  readonly #names = new RecentMap<string>(2_000);
  readonly #listeners: ListenerRegistry;
  readonly #conversations: Conversations;
  readonly #schedules: Schedules;
  readonly #reminders: Reminders;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BotOptions) {
    const { messenger, clock, log, settings, storage } = options;
    this.#options = options;
    const ownerNumbers = new Set(settings.ownerNumbers);
    this.#filter = new MessageFilter({
      clock,
      log,
      maxAgeMs: settings.messageMaxAgeSeconds * 1_000,
      wasSent: options.wasSent,
    });
    // Without a limit on sends (tests, benches) an even pace does not show that the sender is a bot.
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
        this.#filter.noteOwn(message.id);
        loops.noteWritten(message);
      },
    });
    const send = this.#outbox.send.bind(this.#outbox);
    this.#edits = new Edits(storage.table<EditRow>('edits'));
    this.#states = new StateStores(storage.table<ChatStateRow>('chat-state'), clock, conversationOf);
    this.#reminders = new Reminders(storage.table<Reminder>('reminders'), clock, log, send);
    this.#polls = new Polls(() => storage.table<PollRow>('polls'), clock);
    const runs = new Runs({ table: () => storage.table<RunRow>('runs'), clock, log, conversationOf });
    const frozen = {
      freeze: (message: IncomingMessage) => messenger.freeze?.(message) ?? freezePlain(message),
      thaw: (text: string) => (messenger.thaw ? messenger.thaw(text) : thawPlain(text)),
    };
    const tasks = new CommandTasks(options.commands, settings.commandPrefix, clock);
    const listeners = options.listeners ?? new ListenerRegistry();
    this.#listeners = listeners;
    this.#runner = new HandlerRunner({
      clock,
      log,
      messenger,
      services: options.services,
      states: this.#states,
      reminders: this.#reminders,
      polls: this.#polls,
      replay: { runs, clock, ...frozen, onWaiting: () => this.#conversations.arm() },
      middleware: options.middleware ?? [],
      limitMs: options.handlerLimitMs ?? 60_000,
      marksRead: settings.markRead === 'true',
      marks: options.marks,
      send,
      wasSent: (id) => this.#filter.isOwn(id),
      me: () => meOf(settings),
      ownIds: settings.ownIds,
      nameOf: (id) => this.#names.get(id),
      usableCommands: (ctx) => tasks.usable(ctx),
      reachable: (to) => reachable(to, settings.mayWriteTo ?? [], messenger),
    });
    const senderOf = (message: IncomingMessage) => {
      const owners = { numbers: ownerNumbers, ownIds: settings.ownIds() };
      return {
        isOwner: isOwner(message.sender, message.isFromMe, owners),
        isAddressed: isAddressed(message, settings.ownIds(), (id) => this.#filter.isOwn(id)),
      };
    };
    const taskAgain = (run: StoredRun, message: IncomingMessage): HandlerTask | undefined => {
      const { kind, name } = run.row.handler;
      if (kind === 'listener') {
        const found = listeners.find(name);
        return found && listenerTask(message, found, senderOf(message), run);
      }
      if (kind === 'schedule') {
        const found = listeners.schedules.find((one) => one.name === name);
        return found && scheduleTask(message, found, run);
      }
      const loaded = options.commands.find(name);
      const line = parseCommand(message.text, settings.commandPrefix);
      return loaded && tasks.taskOf(message, loaded, line?.rest ?? '', senderOf(message), run);
    };
    this.#conversations = new Conversations({
      runs,
      clock,
      log,
      ...frozen,
      whenOpen: (signal) => messenger.whenOpen(signal),
      inOrder: (chat, work) => this.#router.inOrder(chat, work),
      runAgain: (run, message) => {
        const task = taskAgain(run, message);
        return task && this.#runner.run(task);
      },
      notify: (message, place, text) => this.#runner.notify(message, place, text),
    });
    this.#schedules = new Schedules({
      table: () => storage.table<ScheduleRow>('schedules'),
      clock,
      log,
      all: () => listeners.schedules,
      run: (loaded, dueAtMs) => {
        const message = scheduleMessage(loaded.name, dueAtMs);
        const stored = runs.withMessage(message.key);
        if (stored?.row.isEnded) return Promise.resolve('done' as const);
        return this.#runner.run(scheduleTask(message, loaded, stored));
      },
    });
    this.#router = new MessageRouter({
      conversationOf,
      clock,
      log,
      filter: this.#filter,
      edits: this.#edits,
      loops,
      commands: options.commands,
      listeners,
      conversations: this.#conversations,
      prefix: settings.commandPrefix,
      onVote: (message) => this.#noteVote(message),
      onCall:
        settings.declineCalls === undefined
          ? undefined
          : (message) => this.#declineCall(message, settings.declineCalls ?? ''),
      isAddressed: (message) => senderOf(message).isAddressed,
      serve: (message, loaded, line) =>
        this.#runner.run(tasks.taskOf(message, loaded, line.rest, senderOf(message))),
      listen: (message, loaded) => this.#runner.run(listenerTask(message, loaded, senderOf(message))),
      hint: (message, text) => this.#runner.notify(message, 1, text),
    });
  }

  /** The counts that the status page and `!status` show. */
  get stats(): BotStats {
    return {
      ...this.#router.counts,
      ...this.#runner.counts,
      ...this.#outbox.stats,
      ignored: this.#filter.ignored,
      reminders: this.#reminders.pending,
      conversations: this.#conversations.open,
    };
  }

  /** Removes expired state and arms the stored reminders. A second call gets the same promise. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Settles soon after the grace. Handlers that still run are cut off, and nothing is sent from then on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * `done` if nothing is left to do for this message, `unfinished` if it must be handed over again later.
   * The same message again gets the same promise. Never rejects.
   */
  handle(message: IncomingMessage): Promise<Outcome> {
    if (this.#stopping !== undefined) return UNFINISHED;
    try {
      const { id, name } = message.sender;
      if (typeof name === 'string') this.#names.set(id, plainText(name.slice(0, 100)));
      return this.#router.route(message);
    } catch (error) {
      this.#options.log.error({ err: safeError(error, '') }, 'could not route a message');
      return DONE;
    }
  }

  /**
   * Whether the bot has a use for a message without text and media: an event that a listener listens to, a vote in a
   * poll of the bot, a place or a contact that may be an answer. What it has no use for is not kept.
   */
  wants(message: IncomingMessage): boolean {
    const { event } = message;
    if (event?.kind === 'vote') return true;
    if (event?.kind === 'call' && this.#options.settings.declineCalls !== undefined) return true;
    if (event !== undefined) return this.#listeners.wants(event.kind);
    return this.#conversations.open > 0 || this.#listeners.wants('message');
  }

  /**
   * Sends a message that answers no other, in the order of its chat and at the pace of everything else. Settles as
   * `Outbox.send` does.
   */
  send(message: OutgoingMessage): Promise<void>;
  /**
   * Writes to a chat as `ctx.sendTo()` does, and throws a `Refusal` for the same chats. The same `key` makes the same
   * message, which people see once. Default: another key each time.
   */
  send(to: string, say: Say, key?: string): Promise<void>;
  async send(first: OutgoingMessage | string, say: Say = '', key: string = randomUUID()): Promise<void> {
    if (typeof first !== 'string') return this.#outbox.send(first);
    const { messenger, settings } = this.#options;
    const chat = reachable(first, settings.mayWriteTo ?? [], messenger);
    const content = toContent(say, () => []);
    await this.#outbox.send({ id: sendId(`program|${chat}|${key}`, 1), chat, content });
  }

  /** If the call cannot be declined any more, the sentence is sent all the same. */
  async #declineCall(message: IncomingMessage, sentence: string): Promise<Outcome> {
    const { event, chat } = message;
    const { messenger } = this.#options;
    if (event?.kind === 'call') await messenger.declineCall?.(event.callId, chat).catch(() => undefined);
    return this.#runner.notify(message, 'declined', sentence);
  }

  async #noteVote({ event, sender }: IncomingMessage): Promise<void> {
    if (event?.kind !== 'vote') return;
    await this.#polls.vote(event.target, sender.id, event.options).catch((error: unknown) => {
      this.#options.log.warn({ err: safeError(error, '') }, 'could not store a vote');
    });
  }

  async #start(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await Promise.all([this.#states.chats.prune(), this.#polls.prune(), this.#edits.prune(clock.now())]);
    } catch (error) {
      log.warn({ err: safeError(error, '') }, 'could not prune expired state');
    }
    if (this.#stopping !== undefined) return;
    this.#reminders.start();
    await this.#conversations.start().catch((error: unknown) => {
      log.warn({ err: safeError(error, '') }, 'could not read the open conversations');
    });
    this.#schedules.start();
  }

  async #stop(): Promise<void> {
    const { clock, stopGraceMs = 700 } = this.#options;
    const grace = new AbortController();
    this.#conversations.stop();
    const idle = this.#router.close();
    await Promise.race([idle, clock.sleep(stopGraceMs, grace.signal).catch(() => undefined)]);
    grace.abort();
    this.#runner.cutAll();
    this.#outbox.stop();
    this.#filter.stop();
    await Promise.all([
      idle,
      this.#schedules.stop(),
      this.#reminders.stop(),
      this.#starting?.catch(() => undefined),
    ]);
  }
}

export interface BotStats extends RunCounts, RouterCounts {
  readonly queued: number;
  readonly sent: number;
  readonly reminders: number;
  /** Conversations that are open. */
  readonly conversations?: number;
  readonly ignored: Readonly<Record<Ignored, number>>;
}
