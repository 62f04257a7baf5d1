import { AsyncLocalStorage } from 'node:async_hooks';
import { isOwner } from './access.ts';
import type { Ignored } from './admit.ts';
import { type ChatStateRow, ChatStates } from './chat-state.ts';
import type { Clock } from './clock.ts';
import type { Context } from './context.ts';
import { Desk, type DeskCounts } from './desk.ts';
import { type EditRow, Edits, type Job } from './edits.ts';
import { Groups } from './groups.ts';
import { Inbox } from './inbox.ts';
import { Lanes } from './lanes.ts';
import type { Log } from './log.ts';
import { LOOP_LIMITS } from './loop-guard.ts';
import { LoopWatch } from './loop-watch.ts';
import type { Middleware } from './middleware.ts';
import { Outbox } from './outbox.ts';
import { type CommandLine, parseCommand } from './parse.ts';
import type { IncomingMessage, Messenger, Table } from './ports.ts';
import { Recent } from './recent.ts';
import type { CommandRegistry, LoadedCommand } from './registry.ts';
import { type Reminder, Reminders } from './reminders.ts';
import { safeError } from './safe-error.ts';
import type { Services } from './services.ts';
import type { BotSettings } from './settings.ts';
import type { Outcome } from './verdict.ts';

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
  /** Whether the bot sent the message with this id in an earlier run, where that is known. */
  readonly wasSent?: (messageId: string) => boolean;
  /** How long a handler may take, its sends not counted. Default 60,000. */
  readonly handlerLimitMs?: number;
  /** How long handlers may go on after `stop()`. Default 700. */
  readonly stopGraceMs?: number;
}

const DONE = Promise.resolve<Outcome>('done');
const UNFINISHED = Promise.resolve<Outcome>('unfinished');
/** Keys of messages that are known to be in work or done. */
const REMEMBERED = 10_000;
/** Commands that may wait in one chat; more is an attack, and is dropped. */
const MAX_WAITING = 5_000;
/** One hint about unknown commands per chat and span. */
const HINT_EVERY_MS = 10 * 60_000;

/** Takes messages, runs the commands in them, and sends the answers: in order in each chat, chats side by side. */
export class Bot {
  readonly #options: BotOptions;
  readonly #ownerNumbers: ReadonlySet<string>;
  readonly #desk: Desk;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #edits: Edits;
  readonly #states: ChatStates;
  readonly #reminders: Reminders;
  readonly #loops: LoopWatch;
  readonly #lanes = new Lanes<Outcome>();
  readonly #seen = new Recent<Promise<Outcome>>(REMEMBERED);
  readonly #hinted = new Recent<number>(1_000);
  /** Runs work outside of whatever async context a message came in: a key transaction must not swallow a handler's. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #counts = { received: 0, commands: 0, muted: 0, overflowed: 0 };
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BotOptions) {
    const { messenger, clock, log, settings, storage } = options;
    this.#options = options;
    this.#ownerNumbers = new Set(settings.ownerNumbers);
    this.#inbox = new Inbox({
      clock,
      log,
      maxAgeMs: settings.messageMaxAgeSeconds * 1_000,
      wasSent: options.wasSent,
    });
    // Without a limit on sends (tests, benches) an even pace proves nothing.
    const evenTurns = settings.sendsPerChatPerMinute > 0 ? LOOP_LIMITS.evenTurns : 0;
    this.#loops = new LoopWatch(clock, log, { ...LOOP_LIMITS, evenTurns });
    this.#outbox = new Outbox({
      messenger,
      clock,
      log,
      perMinute: settings.sendsPerMinute,
      perChatPerMinute: settings.sendsPerChatPerMinute,
      typingDelayMs: settings.typingDelayMs,
      onSending: (message) => {
        this.#inbox.noteOwn(message.id);
        this.#loops.noteWritten(message);
      },
    });
    const send = this.#outbox.send.bind(this.#outbox);
    this.#edits = new Edits(storage.table<EditRow>('edits'));
    this.#states = new ChatStates(storage.table<ChatStateRow>('chat-state'), clock);
    this.#reminders = new Reminders(storage.table<Reminder>('reminders'), clock, log, send);
    this.#desk = new Desk({
      clock,
      log,
      messenger,
      services: options.services,
      states: this.#states,
      groups: new Groups(messenger, clock),
      reminders: this.#reminders,
      send,
      commands: options.commands,
      prefix: settings.commandPrefix,
      middleware: options.middleware ?? [],
      limitMs: options.handlerLimitMs ?? 60_000,
    });
  }

  /** Facts for a status page. */
  get stats(): BotStats {
    return {
      ...this.#counts,
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
   * `done` when nothing is left to do for this message, `unfinished` when it must be handed over again after
   * the next start. The same message again is the same handling. Never rejects.
   */
  handle(message: IncomingMessage): Promise<Outcome> {
    if (this.#stopping !== undefined) return UNFINISHED;
    try {
      return this.#outside(() => this.#handle(message));
    } catch (error) {
      this.#options.log.error({ err: safeError(error, '') }, 'a message could not be looked at');
      return DONE;
    }
  }

  #handle(message: IncomingMessage): Promise<Outcome> {
    const seen = this.#seen.get(message.key);
    if (seen !== undefined) return seen;
    this.#counts.received += 1;
    if (!this.#inbox.admits(message)) return DONE;
    const line = parseCommand(message.text, this.#options.settings.commandPrefix);
    const loaded = line === undefined ? undefined : this.#options.commands.find(line.name);
    const job: Job | undefined =
      loaded === undefined ? undefined : { isStarted: false, replacedBy: undefined };
    if (message.edits === undefined) this.#edits.note(message, job);
    else if (!this.#edits.take(message, message.edits, job, this.#options.clock.now())) return DONE;
    if (line === undefined) return DONE;
    if (loaded === undefined || job === undefined) return this.#hint(message);
    if (!this.#mayQueue(message)) return DONE;
    this.#counts.commands += 1;
    return this.#queue(message, () => this.#work(message, job, loaded, line));
  }

  async #work(
    message: IncomingMessage,
    job: Job,
    loaded: LoadedCommand,
    line: CommandLine,
  ): Promise<Outcome> {
    if (job.replacedBy !== undefined) {
      await job.replacedBy;
      return 'done';
    }
    job.isStarted = true;
    const owners = { numbers: this.#ownerNumbers, ownIds: this.#options.settings.ownIds() };
    const outcome = await this.#desk.serve(
      message,
      loaded,
      line,
      isOwner(message.sender, message.isFromMe, owners),
    );
    if (outcome === 'done' && message.edits !== undefined) await this.#edits.done(message);
    return outcome;
  }

  /** A word for those who mistype, in direct chats only and seldom: in a group it may be meant for another bot. */
  #hint(message: IncomingMessage): Promise<Outcome> {
    const now = this.#options.clock.now();
    const isTold = now - (this.#hinted.get(message.chat) ?? Number.NEGATIVE_INFINITY) < HINT_EVERY_MS;
    if (message.chatKind !== 'direct' || message.isFromMe || isTold || !this.#mayQueue(message)) return DONE;
    this.#hinted.set(message.chat, now);
    const text = `I don't know that one. ${this.#options.settings.commandPrefix}help lists what I can do.`;
    return this.#queue(message, () => this.#desk.notify(message, 'hint', text));
  }

  #mayQueue(message: IncomingMessage): boolean {
    if (this.#lanes.waiting(message.chat) >= MAX_WAITING) {
      this.#counts.overflowed += 1;
      if (this.#counts.overflowed === 1) {
        this.#options.log.warn(
          { maxWaiting: MAX_WAITING },
          'too many commands wait in one chat; more are dropped',
        );
      }
      return false;
    }
    const quotesBot = message.quoted !== undefined && this.#inbox.isOwn(message.quoted.id);
    if (!this.#loops.mutes(message, quotesBot)) return true;
    this.#counts.muted += 1;
    return false;
  }

  #queue(message: IncomingMessage, work: () => Promise<Outcome>): Promise<Outcome> {
    const job = async (): Promise<Outcome> => {
      if (this.#stopping !== undefined) return 'unfinished';
      try {
        const outcome = await work();
        if (outcome === 'unfinished') this.#seen.delete(message.key);
        return outcome;
      } catch (error) {
        const facts = { messageId: message.id, err: safeError(error, message.text) };
        this.#options.log.error(facts, 'a command could not be finished');
        return 'done';
      }
    };
    const handling = this.#lanes.run(message.chat, job);
    this.#seen.set(message.key, handling);
    return handling;
  }

  async #start(): Promise<void> {
    await Promise.all([this.#states.prune(), this.#edits.prune(this.#options.clock.now())]);
    if (this.#stopping === undefined) this.#reminders.start();
  }

  async #stop(): Promise<void> {
    const { clock, stopGraceMs = 700 } = this.#options;
    const grace = new AbortController();
    const idle = this.#lanes.whenIdle();
    await Promise.race([idle, clock.sleep(stopGraceMs, grace.signal).catch(() => undefined)]);
    grace.abort();
    this.#desk.cutAll();
    this.#outbox.stop();
    this.#inbox.stop();
    await Promise.all([idle, this.#reminders.stop(), this.#starting?.catch(() => undefined)]);
  }
}

export interface BotStats extends DeskCounts {
  readonly received: number;
  readonly commands: number;
  /** Commands of senders that the loop guard keeps quiet. */
  readonly muted: number;
  /** Commands dropped because too many waited in their chat. */
  readonly overflowed: number;
  readonly queued: number;
  readonly sent: number;
  readonly reminders: number;
  readonly ignored: Readonly<Record<Ignored, number>>;
}
