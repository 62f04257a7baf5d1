import type { Clock } from '../core/clock.ts';
import type { IncomingMessage } from '../core/incoming-message.ts';
import { LIMITS } from '../core/limits.ts';
import type { Log } from '../core/log.ts';
import type { Messenger } from '../core/messenger.ts';
import { joinMarks, type WorkMarks } from '../core/poison.ts';
import { RecentMap } from '../core/recent-map.ts';
import type { Table } from '../core/table.ts';
import type { BotSettings } from './bot-settings.ts';
import type { Context } from './context.ts';
import { declineCall } from './intake/decline-call.ts';
import { type EditRow, Edits } from './intake/edits.ts';
import { LOOP_LIMITS } from './intake/loop-decision.ts';
import { LoopWatch } from './intake/loop-watch.ts';
import { MessageFilter } from './intake/message-filter.ts';
import { MessageRouter } from './intake/message-router.ts';
import type { CommandRegistry } from './loading/command-registry.ts';
import { ListenerRegistry } from './loading/listener-registry.ts';
import type { Middleware } from './middleware.ts';
import type { ConversationRow } from './replay/conversation-row.ts';
import { ConversationStore } from './replay/conversation-store.ts';
import { Conversations } from './replay/conversations.ts';
import { freezePlain, thawPlain } from './replay/plain-message.ts';
import { ownerCheck } from './run/access.ts';
import { CommandTasks } from './run/command-tasks.ts';
import { HandlerRunner, type HandlerTask } from './run/handler-runner.ts';
import { isAddressed, meOf } from './run/is-addressed.ts';
import { listenerTask } from './run/listener-task.ts';
import type { RunResult } from './run/run-result.ts';
import { scheduleMessage, scheduleTask } from './run/schedule-task.ts';
import { storedTask } from './run/stored-task.ts';
import { mayWriteTo, reachable } from './send/chat-address.ts';
import { Outbox } from './send/outbox.ts';
import type { Services } from './services.ts';
import { type ChatStateRow, StateStores } from './state/chat-state.ts';
import { noteVote, type PollRow, Polls } from './state/polls.ts';
import { type Reminder, Reminders } from './state/reminders.ts';
import { type ScheduleRow, Schedules } from './state/schedules.ts';

export interface BotOptions {
  readonly messenger: Messenger;
  /** Durable tables by name: `chat-state`, `edits`, `polls`, `reminders`, `runs`, `schedules`. */
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
  readonly chatKeyOf?: (chat: string) => string;
  /** The number under which WhatsApp knows the person whose number somebody typed. Default: the same. */
  readonly numberOf?: (typed: string) => string;
  /** Resolves when WhatsApp was asked for the numbers in the settings; undefined if there is nothing to wait for. */
  readonly whenNumbersAsked?: () => Promise<void> | undefined;
  /** Whether an earlier process sent the message with this id. Default: never. */
  readonly wasSent?: (messageId: string) => boolean;
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
  const { wasKilled = false } = options;
  const names = new RecentMap<string>(LIMITS['recent:people'].count / 2);
  const { messenger, clock, log, settings, storage } = options;
  const filter = new MessageFilter({
    clock,
    log,
    maxAgeMs: settings.messageMaxAgeSeconds * 1_000,
    wasSent: options.wasSent,
  });
  // Without a limit on sends (tests, benches) an even pace does not show that the sender is a bot.
  const evenTurns = settings.sendsPerChatPerMinute > 0 ? LOOP_LIMITS.evenTurns : 0;
  const chatKeyOf = options.chatKeyOf ?? ((chat) => chat);
  const mayWrite = (jid: string) => mayWriteTo(jid, settings.mayWriteTo ?? [], messenger, chatKeyOf);
  const loops = new LoopWatch(clock, log, { ...LOOP_LIMITS, evenTurns }, chatKeyOf);
  const outbox = new Outbox({
    chatKeyOf,
    messenger,
    clock,
    log,
    perMinute: settings.sendsPerMinute,
    perChatPerMinute: settings.sendsPerChatPerMinute,
    typingDelayMs: settings.typingDelayMs,
    onSending: (message) => {
      filter.noteOwn(message.id);
      loops.noteWritten(message);
    },
  });
  const send = outbox.send.bind(outbox);
  const edits = new Edits(storage.table<EditRow>('edits'), clock);
  const states = new StateStores(storage.table<ChatStateRow>('chat-state'), clock, chatKeyOf);
  const reminders = new Reminders(storage.table<Reminder>('reminders'), clock, log, send, {
    wasKilled,
    whenOpen: (signal) => messenger.whenOpen(signal),
  });
  const polls = new Polls(() => storage.table<PollRow>('polls'), clock);
  const runs = new ConversationStore({
    table: () => storage.table<ConversationRow>('runs'),
    clock,
    log,
    chatKeyOf,
    wasKilled,
    wasSent: (id) => filter.isOwn(id),
  });
  const frozen = {
    freeze: (message: IncomingMessage) => messenger.freeze?.(message) ?? freezePlain(message),
    thaw: (text: string) => (messenger.thaw ? messenger.thaw(text) : thawPlain(text)),
  };
  const tasks = new CommandTasks(options.commands, settings.commandPrefix, clock, chatKeyOf);
  const listeners = options.listeners ?? new ListenerRegistry();
  const runner = new HandlerRunner({
    clock,
    log,
    messenger,
    services: options.services,
    states,
    reminders,
    polls,
    replay: { runs, clock, ...frozen, onWaiting: () => conversations.arm() },
    middleware: options.middleware ?? [],
    limitMs: options.handlerLimitMs ?? 60_000,
    marksRead: settings.markRead === 'true',
    marks: joinMarks(() => [options.marks, runs.marks, schedules.marks]),
    send,
    wasSent: (id) => filter.isOwn(id),
    me: () => meOf(settings),
    ownIds: settings.ownIds,
    personOf: chatKeyOf,
    nameOf: (id) => names.get(id),
    usableCommands: (ctx) => tasks.usable(ctx),
    reachable: (to) => reachable(to, mayWrite),
  });
  const isOwner = ownerCheck({ settings, numberOf: options.numberOf, chatKeyOf });
  const senderOf = (message: IncomingMessage) => ({
    isOwner: isOwner(message),
    isAddressed: isAddressed(message, settings.ownIds(), (id) => filter.isOwn(id)),
  });
  /** After the first start with a number, an owner's first message may come before WhatsApp's answer about it. */
  const run = async (message: IncomingMessage, task: () => HandlerTask): Promise<RunResult> => {
    const asked = isOwner(message) ? undefined : options.whenNumbersAsked?.();
    if (asked) await asked;
    return runner.run(task());
  };
  const stored = { commands: options.commands, listeners, tasks, prefix: settings.commandPrefix, senderOf };
  const conversations = new Conversations({
    runs,
    clock,
    log,
    ...frozen,
    whenOpen: (signal) => messenger.whenOpen(signal),
    inOrder: (chat, work) => router.inOrder(chat, work),
    runAgain: (run, message) => {
      const task = storedTask(run, message, stored);
      return task && runner.run(task);
    },
    notify: (message, place, text) => runner.notify(message, place, text),
  });
  const schedules = new Schedules({
    table: () => storage.table<ScheduleRow>('schedules'),
    clock,
    log,
    all: () => listeners.schedules,
    wasKilled,
    wasSent: (id) => filter.isOwn(id),
    whenOpen: (signal) => messenger.whenOpen(signal),
    logOf: (key) => runs.withMessage(key)?.row,
    endLog: async (key) => {
      const found = runs.withMessage(key);
      if (found) await runs.end(found.id);
    },
    run: (loaded, dueAtMs) => {
      const message = scheduleMessage(loaded.name, dueAtMs);
      const earlier = runs.withMessage(message.key);
      if (earlier?.row.isEnded) return Promise.resolve('done' as const);
      return runner.run(scheduleTask(message, loaded, earlier));
    },
  });
  const router = new MessageRouter({
    chatKeyOf,
    clock,
    log,
    filter,
    edits,
    loops,
    commands: options.commands,
    listeners,
    conversations,
    prefix: settings.commandPrefix,
    onVote: (message) => noteVote(message, polls, log),
    onCall:
      settings.declineCalls === undefined
        ? undefined
        : (message) => declineCall(message, settings.declineCalls ?? '', messenger, runner),
    isAddressed: (message) => senderOf(message).isAddressed,
    serve: (message, loaded, line) =>
      run(message, () => tasks.taskOf(message, loaded, line.rest, senderOf(message))),
    listen: (message, loaded) => run(message, () => listenerTask(message, loaded, senderOf(message))),
    hint: (message, text) => runner.notify(message, 1, text),
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
