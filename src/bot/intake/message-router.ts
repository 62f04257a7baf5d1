import type { Clock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { noteOutcome } from '../../core/messages/message-records.ts';
import { commandText } from '../../core/plain-text.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { CommandRegistry, LoadedCommand } from '../loading/command-registry.ts';
import type { ListenerRegistry, LoadedListener } from '../loading/listener-registry.ts';
import { phrases } from '../phrases.ts';
import type { Conversations } from '../replay/conversations.ts';
import type { MessageHandlers } from '../run/message-handlers.ts';
import type { RunResult } from '../run/run-result.ts';
import type { Edits, PendingCommand } from './edits.ts';
import type { MessageFilter } from './message-filter.ts';
import type { MessageQueue, QueueCounts } from './message-queue.ts';
import { type CommandLine, isNearCommand, parseCommand } from './parse-command.ts';

export interface MessageRouterOptions {
  readonly clock: Clock;
  readonly filter: MessageFilter;
  readonly queue: MessageQueue;
  readonly edits: Edits;
  readonly commands: CommandRegistry;
  readonly prefix: string;
  readonly listeners: ListenerRegistry;
  readonly conversations: Conversations;
  readonly handlers: MessageHandlers;
}

export interface RouterCounts extends QueueCounts {
  readonly received: number;
  readonly commands: number;
}

/** The command that a message names. */
interface MatchedCommand {
  readonly line: CommandLine;
  readonly loaded: LoadedCommand;
  readonly job: PendingCommand;
}

const DONE = Promise.resolve<RunResult>('done');
/** A chat gets at most one hint about unknown commands in this time. */
const HINT_EVERY_MS = 10 * 60_000;

/** Runs the command that a message names: at most once, in the order of its chat. */
export class MessageRouter {
  readonly #options: MessageRouterOptions;
  readonly #queue: MessageQueue;
  readonly #hinted = new RecentMap<number>(LIMITS['recent:people'].count / 2);
  readonly #counts = { received: 0, commands: 0 };

  constructor(options: MessageRouterOptions) {
    this.#options = options;
    this.#queue = options.queue;
  }

  get counts(): RouterCounts {
    return { ...this.#counts, ...this.#queue.counts };
  }

  /** Starts no command from here on; commands that wait stay unfinished. Resolves when the running ones have ended. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  route(message: IncomingMessage): Promise<RunResult> {
    const seen = this.#queue.resultOf(message);
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
    const handling = this.#queue.run(message, () => this.#work(message, order));
    if (handling !== undefined) this.#counts.commands += 1;
    return handling ?? DONE;
  }

  /** Its handler crashed the bot again and again. A person who sent a command is told. */
  #setAside(message: IncomingMessage, isCommand: boolean): Promise<RunResult> {
    noteOutcome(message.key, 'set-aside');
    if (!isCommand) return DONE;
    return this.#queue.run(message, () => this.#options.handlers.notice(message, phrases.setAside)) ?? DONE;
  }

  /** What is no command: an answer, something that a listener waits for, or nothing. */
  #routeOther(message: IncomingMessage, isUnknownCommand: boolean): Promise<RunResult> {
    const { conversations, listeners, handlers, prefix } = this.#options;
    if (message.event?.kind === 'call' && handlers.declinesCalls) {
      const found = listeners.for(message, () => true);
      const decline = async () => {
        const result = await handlers.call(message);
        if (result === 'done') noteOutcome(message.key, 'ran', 'decline');
        return result === 'done' ? this.#listen(message, found) : result;
      };
      return this.#queue.run(message, decline) ?? DONE;
    }
    const isVote = message.event?.kind === 'vote';
    const isAnswer = isVote || conversations.has(message) || this.#queue.hasWorkOf(message);
    const found = message.isFromMe ? [] : listeners.for(message, () => handlers.isAddressed(message));
    if (isAnswer || found.length > 0) {
      const listen = () => {
        if (found.length === 0) noteOutcome(message.key, 'no-command');
        return this.#listen(message, found);
      };
      const handle = async (isMuted: () => boolean): Promise<RunResult> => {
        if (isVote) await handlers.vote(message);
        const taken = await conversations.offer(message);
        if (taken !== undefined) return taken;
        return found.length > 0 && isMuted() ? 'done' : listen();
      };
      return this.#queue.run(message, isAnswer ? handle : listen, isAnswer) ?? DONE;
    }
    const isNear = message.event === undefined && isNearCommand(message.text, prefix);
    noteOutcome(message.key, isUnknownCommand ? 'unknown-command' : 'no-command');
    return isUnknownCommand || isNear ? this.#hint(message) : DONE;
  }

  /** One listener after the other. A message that one of them could not finish is handed to all of them again. */
  async #listen(message: IncomingMessage, found: readonly LoadedListener[]): Promise<RunResult> {
    let result: RunResult = 'done';
    for (const loaded of found) {
      if ((await this.#options.handlers.listener(message, loaded)) === 'unfinished') result = 'unfinished';
    }
    return result;
  }

  /**
   * A message of a conversation came again. Its age does not matter: the conversation was begun in time. If a listener
   * began it, other listeners may not have finished with the message.
   */
  #goOn(message: IncomingMessage): Promise<RunResult> {
    const { conversations, listeners, handlers } = this.#options;
    const goOn = async (): Promise<RunResult> => {
      const result = await conversations.again(message.key);
      const begun = conversations.listenersOf(message.key);
      if (begun.length === 0) return result;
      const found = listeners.for(message, () => handlers.isAddressed(message));
      const others = await this.#listen(
        message,
        found.filter(({ name }) => !begun.includes(name)),
      );
      return result === 'done' ? others : result;
    };
    return this.#queue.run(message, goOn, true) ?? DONE;
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

  async #work(message: IncomingMessage, { line, loaded, job }: MatchedCommand): Promise<RunResult> {
    if (job.replacedBy !== undefined) {
      noteOutcome(message.key, 'ignored', 'edited');
      await job.replacedBy;
      return 'done';
    }
    job.isStarted = true;
    await job.recorded;
    const result = await this.#options.handlers.command(message, loaded, line.rest);
    if (result === 'done' && message.edits !== undefined)
      await this.#options.edits.done(message, message.edits);
    return result;
  }

  /**
   * Tells a person who mistyped a command how to get help. In groups it says nothing, because the command may be for
   * another bot.
   */
  #hint(message: IncomingMessage): Promise<RunResult> {
    if (message.chatKind !== 'direct' || message.isFromMe) return DONE;
    const chat = this.#queue.chatOf(message);
    const now = this.#options.clock.now();
    const toldAtMs = this.#hinted.get(chat);
    if (toldAtMs !== undefined && now - toldAtMs < HINT_EVERY_MS) return DONE;
    const text = phrases.unknownCommand(commandText(this.#options.prefix, 'help'));
    const hinting = this.#queue.run(message, () => this.#options.handlers.notice(message, text));
    if (hinting !== undefined) this.#hinted.set(chat, now);
    return hinting ?? DONE;
  }
}
