import { type Addresses, SEPARATE_ADDRESSES } from '../core/addresses.ts';
import type { Clock } from '../core/clock.ts';
import { joinMarks, type WorkMarks } from '../core/crash-history.ts';
import { LIMITS } from '../core/limits/limits.ts';
import type { Log } from '../core/log.ts';
import type { IncomingMessage } from '../core/messages/incoming-message.ts';
import type { Messenger } from '../core/messages/messenger.ts';
import { RecentMap } from '../core/recent-map.ts';
import type { TableStorage } from '../core/table.ts';
import type { BotSettings } from './bot-settings.ts';
import type { Context } from './context.ts';
import { type EditRow, Edits } from './intake/edits.ts';
import { LOOP_LIMITS } from './intake/loop-decision.ts';
import { LoopGuard } from './intake/loop-guard.ts';
import { MessageFilter } from './intake/message-filter.ts';
import { MessageQueue } from './intake/message-queue.ts';
import { MessageRouter } from './intake/message-router.ts';
import type { CommandRegistry } from './loading/command-registry.ts';
import { ListenerRegistry } from './loading/listener-registry.ts';
import type { Middleware } from './middleware.ts';
import { ConversationStore } from './replay/conversation-store.ts';
import { Conversations } from './replay/conversations.ts';
import { freezePlain, thawPlain } from './replay/plain-message.ts';
import { CommandTasks } from './run/command-tasks.ts';
import { HandlerRunner } from './run/handler-runner.ts';
import { MessageHandlers } from './run/message-handlers.ts';
import { Senders } from './run/senders.ts';
import { StoredTasks } from './run/stored-task.ts';
import { mayWriteTo, reachable } from './send/chat-address.ts';
import { Outbox } from './send/outbox.ts';
import { SentIds } from './send/sent-ids.ts';
import type { Services } from './services.ts';
import { type ChatStateRow, StateStores } from './state/chat-state.ts';
import { Polls } from './state/polls.ts';
import { type Reminder, Reminders } from './state/reminders.ts';
import { Schedules } from './state/schedules.ts';

export interface BotOptions {
  readonly messenger: Messenger;
  /** Durable tables by name: `chat-state`, `edits`, `polls`, `reminders`, `runs`, `schedules`. */
  readonly storage: TableStorage;
  readonly settings: BotSettings;
  readonly commands: CommandRegistry;
  /** Default none. */
  readonly listeners?: ListenerRegistry;
  readonly services: Services;
  readonly clock: Clock;
  readonly log: Log;
  /** Steps that run around every command, the first outermost. Default none. */
  readonly middleware?: readonly Middleware<Context>[];
  /** Default: each address is the only one of its chat. */
  readonly addresses?: Addresses;
  /** Whether the last process was killed. Default false. */
  readonly wasKilled?: boolean;
  /** Notes durably which handlers run, to find one that crashes the bot. Default: nothing is noted. */
  readonly marks?: WorkMarks;
  /** How long a handler may take, its sends not counted. Default 60,000. */
  readonly handlerLimitMs?: number;
  /** How long handlers may go on after `stop()`. Default 700. */
  readonly stopGraceMs?: number;
}

/** The parts of a bot, joined and not started. */
export interface BotParts {
  readonly filter: MessageFilter;
  readonly outbox: Outbox;
  readonly router: MessageRouter;
  readonly runner: HandlerRunner;
  readonly edits: Edits;
  readonly states: StateStores;
  readonly polls: Polls;
  readonly listeners: ListenerRegistry;
  readonly conversations: Conversations;
  readonly schedules: Schedules;
  readonly reminders: Reminders;
  readonly runs: ConversationStore;
  /** The names of people who have written, by their ids. */
  readonly names: RecentMap<string>;
  /** `mayWriteTo` with the settings and the people of this bot. */
  readonly mayWrite: (jid: string) => boolean;
}

export function buildBotParts(options: BotOptions): BotParts {
  const { wasKilled = false, addresses = SEPARATE_ADDRESSES } = options;
  const { commands, listeners = new ListenerRegistry() } = options;
  const { messenger, clock, log, settings, storage } = options;
  const names = new RecentMap<string>(LIMITS['recent:people'].count / 2);
  const sentIds = new SentIds(messenger);
  const maxAgeMs = settings.messageMaxAgeSeconds * 1_000;
  const filter = new MessageFilter({ clock, log, maxAgeMs, sentIds });
  // Without a limit on sends (tests, benches) an even pace does not show that the sender is a bot.
  const evenTurns = settings.sendsPerChatPerMinute > 0 ? LOOP_LIMITS.evenTurns : 0;
  const mayWrite = (jid: string) => mayWriteTo(jid, settings.mayWriteTo ?? [], messenger, addresses);
  const loops = new LoopGuard(clock, log, { ...LOOP_LIMITS, evenTurns }, addresses);
  const outbox = new Outbox({
    addresses,
    messenger,
    clock,
    log,
    perMinute: settings.sendsPerMinute,
    perChatPerMinute: settings.sendsPerChatPerMinute,
    typingDelayMs: settings.typingDelayMs,
    observers: [sentIds, loops],
  });
  const edits = new Edits(storage.table<EditRow>('edits'), clock);
  const states = new StateStores(storage.table<ChatStateRow>('chat-state'), clock, addresses);
  const crashFacts = { wasKilled, messenger };
  const reminders = new Reminders(storage.table<Reminder>('reminders'), clock, log, outbox, crashFacts);
  const polls = new Polls(storage, clock);
  const runs = new ConversationStore({ storage, clock, log, addresses, wasKilled, sentIds });
  const frozen = {
    freeze: (message: IncomingMessage) => messenger.freeze?.(message) ?? freezePlain(message),
    thaw: (text: string) => (messenger.thaw ? messenger.thaw(text) : thawPlain(text)),
  };
  const tasks = new CommandTasks(commands, settings.commandPrefix, clock, addresses);
  const runner = new HandlerRunner({
    clock,
    log,
    messenger,
    settings,
    addresses,
    services: options.services,
    states,
    reminders,
    polls,
    outbox,
    sentIds,
    names,
    replay: { runs, clock, ...frozen, onWaiting: () => conversations.arm() },
    middleware: options.middleware ?? [],
    limitMs: options.handlerLimitMs ?? 60_000,
    marksRead: settings.markRead ?? false,
    marks: joinMarks(() => [options.marks, runs.marks, schedules.marks]),
    usableCommands: (ctx) => tasks.usable(ctx),
    reachable: (to) => reachable(to, mayWrite),
  });
  const senders = new Senders(settings, addresses, sentIds);
  const queue = new MessageQueue({ addresses, clock, log, sentIds, loops });
  const prefix = settings.commandPrefix;
  const storedTasks = new StoredTasks({ commands, listeners, tasks, prefix, senders });
  const conversations = new Conversations({
    ...{ runs, clock, log, messenger, queue, runner },
    ...frozen,
    tasks: storedTasks,
  });
  const handlers = new MessageHandlers({
    ...{ settings, messenger, log, senders, tasks, runner, polls, runs },
  });
  const schedules = new Schedules({
    ...{ storage, clock, log, listeners, wasKilled, sentIds, messenger, runs, handlers },
  });
  const router = new MessageRouter({
    ...{ clock, filter, queue, edits, commands, prefix, listeners, conversations, handlers },
  });
  return {
    filter,
    outbox,
    router,
    runner,
    edits,
    states,
    polls,
    listeners,
    conversations,
    schedules,
    reminders,
    runs,
    names,
    mayWrite,
  };
}
