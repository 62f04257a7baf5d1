import type { Clock } from '../../core/clock.ts';
import type { IncomingMessage } from '../../core/incoming-message.ts';
import { noteLimitReached } from '../../core/limit-counts.ts';
import { LIMITS, type LimitName } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import { memorySize } from '../../core/memory-size.ts';
import { noteOutcome, noteTime } from '../../core/message-trail.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { commandText } from '../../core/text.ts';
import { ChatQueues } from '../chat-queues.ts';
import type { CommandRegistry, LoadedCommand } from '../loading/command-registry.ts';
import type { ListenerRegistry, LoadedListener } from '../loading/listener-registry.ts';
import { phrases } from '../phrases.ts';
import type { Conversations } from '../replay/conversations.ts';
import type { Outcome } from '../run/outcome.ts';
import { safeError } from '../run/safe-error.ts';
import { CommandBudget } from './command-budget.ts';
import type { Edits, PendingCommand } from './edits.ts';
import type { LoopWatch } from './loop-watch.ts';
import type { MessageFilter } from './message-filter.ts';
import { type CommandLine, isNearCommand, parseCommand } from './parse-command.ts';

export interface MessageRouterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly filter: MessageFilter;
  readonly edits: Edits;
  readonly loops: LoopWatch;
  readonly commands: CommandRegistry;
  readonly prefix: string;
  /** The key of a chat. */
  readonly conversationOf: (chat: string) => string;
  readonly listeners: ListenerRegistry;
  readonly conversations: Conversations;
  /** Declines a call; `undefined` lets it ring. */
  readonly onCall: ((message: IncomingMessage) => Promise<Outcome>) | undefined;
  /** Counts a vote. Must not reject. */
  readonly onVote: (message: IncomingMessage) => Promise<void>;
  /** Whether the message mentions the bot, quotes it, or is in a direct chat. */
  readonly isAddressed: (message: IncomingMessage) => boolean;
  /** Runs the command. It must not reject because of an error in the command. */
  readonly serve: (message: IncomingMessage, loaded: LoadedCommand, line: CommandLine) => Promise<Outcome>;
  /** Runs a listener, likewise. */
  readonly listen: (message: IncomingMessage, loaded: LoadedListener) => Promise<Outcome>;
  /** Answers a message with a sentence of the bot. */
  readonly hint: (message: IncomingMessage, text: string) => Promise<Outcome>;
}

export interface RouterCounts {
  readonly received: number;
  readonly commands: number;
  /** Commands of senders that the loop guard muted. */
  readonly muted: number;
  /** Commands that were dropped because too many waited. */
  readonly overflowed: number;
}

/** The command that a message names. */
interface MatchedCommand {
  readonly line: CommandLine;
  readonly loaded: LoadedCommand;
  readonly job: PendingCommand;
}

const DONE = Promise.resolve<Outcome>('done');
/** How many keys of messages that are in work or done are kept. */
const REMEMBERED = 10_000;
/** A limit that was reached is logged once in this time. */
const WARN_EVERY_MS = 60 * 60_000;
/** A chat gets at most one hint about unknown commands in this time. */
const HINT_EVERY_MS = 10 * 60_000;

/** Runs the command that a message names: at most once, in the order of its chat. */
export class MessageRouter {
  readonly #options: MessageRouterOptions;
  readonly #queues = new ChatQueues<Outcome>();
  readonly #seen = new RecentMap<Promise<Outcome>>(REMEMBERED);
  readonly #budget = new CommandBudget();
  /** How many messages of a person wait or run in a chat. */
  readonly #working = new Map<string, number>();
  readonly #warnedAtMs = new Map<LimitName, number>();
  readonly #hinted = new RecentMap<number>(1_000);
  readonly #counts = { received: 0, commands: 0, muted: 0, overflowed: 0 };
  #isClosed = false;

  constructor(options: MessageRouterOptions) {
    this.#options = options;
  }

  get counts(): RouterCounts {
    return this.#counts;
  }

  /** Starts no command from here on; commands that wait stay unfinished. Resolves when the running ones have ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#queues.whenIdle();
  }

  route(message: IncomingMessage): Promise<Outcome> {
    const seen = this.#seen.get(message.key);
    if (seen !== undefined) return seen;
    this.#counts.received += 1;
    if (this.#options.conversations.knows(message.key)) return this.#goOn(message);
    const { filter, prefix, edits, clock } = this.#options;
    if (!filter.admits(message, this.#mayAnswer(message))) return DONE;
    const line = message.event === undefined ? parseCommand(message.text, prefix) : undefined;
    const order = line && this.#match(line);
    if (message.edits === undefined) {
      if (edits.isReplaced(message)) {
        noteOutcome(message.key, 'ignored', 'edited');
        return DONE;
      }
      edits.note(message, order?.job);
    } else if (!edits.take(message, message.edits, order?.job, clock.now()))
      return this.#routeOther({ ...message, event: { kind: 'edited', target: message.edits } }, false);
    if (message.isSetAside) return this.#setAside(message, order !== undefined);
    if (order === undefined) return this.#routeOther(message, line !== undefined);
    const handling = this.#queue(message, () => this.#work(message, order));
    if (handling !== undefined) this.#counts.commands += 1;
    return handling ?? DONE;
  }

  /** Its handler crashed the bot again and again. A person who sent a command is told. */
  #setAside(message: IncomingMessage, isCommand: boolean): Promise<Outcome> {
    noteOutcome(message.key, 'set-aside');
    if (!isCommand) return DONE;
    return this.#queue(message, () => this.#options.hint(message, phrases.setAside)) ?? DONE;
  }

  /** What is no command: an answer, something that a listener waits for, or nothing. */
  #routeOther(message: IncomingMessage, isUnknownCommand: boolean): Promise<Outcome> {
    const { conversations, listeners, isAddressed, prefix } = this.#options;
    const { onCall } = this.#options;
    if (message.event?.kind === 'call' && onCall) {
      const found = listeners.for(message, () => true);
      const decline = async () => {
        const outcome = await onCall(message);
        return outcome === 'done' ? this.#listen(message, found) : outcome;
      };
      return this.#queue(message, decline) ?? DONE;
    }
    const isVote = message.event?.kind === 'vote';
    const isAnswer = isVote || conversations.has(message) || this.#isInWork(message);
    const found = message.isFromMe ? [] : listeners.for(message, () => isAddressed(message));
    if (isAnswer || found.length > 0) {
      const listen = () => this.#listen(message, found);
      const handle = async (): Promise<Outcome> => {
        if (isVote) await this.#options.onVote(message);
        return (await conversations.offer(message)) ?? listen();
      };
      return this.#queue(message, isAnswer ? handle : listen, isAnswer) ?? DONE;
    }
    const isNear = message.event === undefined && isNearCommand(message.text, prefix);
    noteOutcome(message.key, isUnknownCommand ? 'unknown-command' : 'no-command');
    return isUnknownCommand || isNear ? this.#hint(message) : DONE;
  }

  /** One listener after the other. A message that one of them could not finish is handed to all of them again. */
  async #listen(message: IncomingMessage, found: readonly LoadedListener[]): Promise<Outcome> {
    let outcome: Outcome = 'done';
    for (const loaded of found) {
      if ((await this.#options.listen(message, loaded)) === 'unfinished') outcome = 'unfinished';
    }
    return outcome;
  }

  /** A message of a conversation came again. Its age does not matter: the conversation was begun in time. */
  #goOn(message: IncomingMessage): Promise<Outcome> {
    const { conversations } = this.#options;
    return this.#queue(message, () => conversations.again(message.key), true) ?? DONE;
  }

  /** Runs work of the bot itself in the order of a chat. */
  inOrder(chat: string, work: () => Promise<Outcome>): void {
    const { conversationOf, log } = this.#options;
    void this.#queues
      .run(conversationOf(chat), async () => (this.#isClosed ? 'unfinished' : work()))
      .catch((error: unknown) => log.error({ err: safeError(error, '') }, 'a conversation could not go on'));
  }

  /** Whether something of this person waits or runs in this chat: a question may come next. */
  #isInWork(message: IncomingMessage): boolean {
    return this.#working.has(this.#workKey(message));
  }

  #workKey(message: IncomingMessage): string {
    return `${this.#conversation(message)}\n${message.sender.id}`;
  }

  /** Whether the message may answer an open question. A command runs instead. */
  #mayAnswer(message: IncomingMessage): boolean {
    const { conversations, prefix } = this.#options;
    if (!conversations.has(message)) return false;
    const line = parseCommand(message.text, prefix);
    return line === undefined || this.#match(line) === undefined;
  }

  #match(line: CommandLine): MatchedCommand | undefined {
    const loaded = this.#options.commands.find(line.name);
    return loaded && { line, loaded, job: { isStarted: false, replacedBy: undefined } };
  }

  async #work(message: IncomingMessage, { line, loaded, job }: MatchedCommand): Promise<Outcome> {
    if (job.replacedBy !== undefined) {
      await job.replacedBy;
      return 'done';
    }
    job.isStarted = true;
    await job.recorded;
    const outcome = await this.#options.serve(message, loaded, line);
    if (outcome === 'done' && message.edits !== undefined)
      await this.#options.edits.done(message, message.edits);
    return outcome;
  }

  /**
   * Tells a person who mistyped a command how to get help. In groups it says nothing, because the command may be for
   * another bot.
   */
  #hint(message: IncomingMessage): Promise<Outcome> {
    if (message.chatKind !== 'direct' || message.isFromMe) return DONE;
    const chat = this.#conversation(message);
    const now = this.#options.clock.now();
    const toldAtMs = this.#hinted.get(chat);
    if (toldAtMs !== undefined && now - toldAtMs < HINT_EVERY_MS) return DONE;
    const text = phrases.unknownCommand(commandText(this.#options.prefix, 'help'));
    const hinting = this.#queue(message, () => this.#options.hint(message, text));
    if (hinting !== undefined) this.#hinted.set(chat, now);
    return hinting ?? DONE;
  }

  #conversation({ chat }: IncomingMessage): string {
    return this.#options.conversationOf(chat);
  }

  /** Whether the loop guard lets the sender speak. */
  #isMuted(message: IncomingMessage): boolean {
    const { filter, loops } = this.#options;
    const quotesBot = message.quoted !== undefined && filter.isOwn(message.quoted.id);
    if (!loops.mutes(message, quotesBot)) return false;
    this.#counts.muted += 1;
    noteOutcome(message.key, 'loop');
    return true;
  }

  /** Drops the command: too many wait already. */
  #overflow(limit: LimitName): void {
    this.#counts.overflowed += 1;
    noteLimitReached(limit);
    const now = this.#options.clock.now();
    if (now - (this.#warnedAtMs.get(limit) ?? Number.NEGATIVE_INFINITY) < WARN_EVERY_MS) return;
    this.#warnedAtMs.set(limit, now);
    this.#options.log.warn({ limit }, 'too many commands wait; the newest are dropped');
  }

  /** Runs `work` in the order of the chat. Undefined, and nothing runs, if too much waits already or the sender is muted. */
  #queue(
    message: IncomingMessage,
    work: () => Promise<Outcome>,
    isAnswer = false,
  ): Promise<Outcome> | undefined {
    const chat = this.#conversation(message);
    const weight = { chat, person: message.sender.id, bytes: memorySize(message) };
    const exceeded = this.#budget.add(weight);
    if (exceeded !== undefined) {
      noteOutcome(message.key, 'dropped', exceeded);
      this.#overflow(exceeded);
      return undefined;
    }
    // An answer was asked for, so it is no sign of a loop.
    if (!isAnswer && this.#isMuted(message)) {
      this.#budget.remove(weight);
      return undefined;
    }
    const queuedAtMs = this.#options.clock.now();
    const workKey = this.#workKey(message);
    this.#working.set(workKey, (this.#working.get(workKey) ?? 0) + 1);
    const handling = this.#queues.run(chat, async () => {
      try {
        return await this.#inTurn(message, queuedAtMs, work);
      } finally {
        this.#budget.remove(weight);
        const left = (this.#working.get(workKey) ?? 1) - 1;
        if (left > 0) this.#working.set(workKey, left);
        else this.#working.delete(workKey);
      }
    });
    this.#seen.set(message.key, handling);
    return handling;
  }

  async #inTurn(
    message: IncomingMessage,
    queuedAtMs: number,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    if (this.#isClosed) return 'unfinished';
    noteTime(message.key, 'waitedMs', this.#options.clock.now() - queuedAtMs);
    if (this.#options.clock.now() - queuedAtMs > LIMITS['commands:chat'].timeMs) {
      this.#overflow('commands:chat');
      return 'done';
    }
    try {
      const outcome = await work();
      // If the message is handed over again, that is the next try and not a duplicate.
      if (outcome === 'unfinished') this.#seen.delete(message.key);
      return outcome;
    } catch (error) {
      const facts = { messageId: message.id, err: safeError(error, message.text) };
      this.#options.log.error(facts, 'a command could not be finished');
      return 'done';
    }
  }
}
