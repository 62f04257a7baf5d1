import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages.ts';
import { Recent } from '../../core/recent-map.ts';
import type { CommandRegistry, LoadedCommand } from '../loading/command-registry.ts';
import type { Outcome } from '../run/outcome.ts';
import { safeError } from '../run/safe-error.ts';
import { Lanes } from './chat-queues.ts';
import type { Edits, Job } from './edits.ts';
import type { LoopWatch } from './loop-memory.ts';
import type { Inbox } from './message-filter.ts';
import { type CommandLine, parseCommand } from './parse-command.ts';

export interface RouterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly inbox: Inbox;
  readonly edits: Edits;
  readonly loops: LoopWatch;
  readonly commands: CommandRegistry;
  readonly prefix: string;
  /** What counts as one chat. */
  readonly conversationOf: (chat: string) => string;
  /** Runs the command; must not reject for reasons of the command's own. */
  readonly serve: (message: IncomingMessage, loaded: LoadedCommand, line: CommandLine) => Promise<Outcome>;
  /** Says a sentence of the bot's own in answer to a message. */
  readonly hint: (message: IncomingMessage, text: string) => Promise<Outcome>;
}

export interface RouterCounts {
  readonly received: number;
  readonly commands: number;
  /** Commands of senders that the loop guard keeps quiet. */
  readonly muted: number;
  /** Commands dropped because too many waited in their chat. */
  readonly overflowed: number;
}

/** A message that is a command. */
interface Order {
  readonly line: CommandLine;
  readonly loaded: LoadedCommand;
  readonly job: Job;
}

const DONE = Promise.resolve<Outcome>('done');
/** Keys of messages that are known to be in work or done. */
const REMEMBERED = 10_000;
/** Commands that may wait in one chat; more is an attack, and is dropped. */
const MAX_WAITING = 5_000;
/** One hint about unknown commands per chat and span. */
const HINT_EVERY_MS = 10 * 60_000;

/** From a message to its command, at most once, in the order of the chat. */
export class Router {
  readonly #options: RouterOptions;
  readonly #lanes = new Lanes<Outcome>();
  readonly #seen = new Recent<Promise<Outcome>>(REMEMBERED);
  readonly #hinted = new Recent<number>(1_000);
  readonly #counts = { received: 0, commands: 0, muted: 0, overflowed: 0 };
  #isClosed = false;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  get counts(): RouterCounts {
    return this.#counts;
  }

  /** Starts nothing from here on; what waits stays unfinished. Resolves when what runs has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#lanes.whenIdle();
  }

  route(message: IncomingMessage): Promise<Outcome> {
    const seen = this.#seen.get(message.key);
    if (seen !== undefined) return seen;
    this.#counts.received += 1;
    const { inbox, prefix, edits, clock } = this.#options;
    if (!inbox.admits(message)) return DONE;
    const line = parseCommand(message.text, prefix);
    const order = line && this.#order(line);
    if (message.edits === undefined) {
      if (edits.isReplaced(message)) return DONE;
      edits.note(message, order?.job);
    } else if (!edits.take(message, message.edits, order?.job, clock.now())) return DONE;
    if (line === undefined) return DONE;
    if (order === undefined) return this.#hint(message);
    if (!this.#mayQueue(message)) return DONE;
    this.#counts.commands += 1;
    return this.#queue(message, () => this.#work(message, order));
  }

  #order(line: CommandLine): Order | undefined {
    const loaded = this.#options.commands.find(line.name);
    return loaded && { line, loaded, job: { isStarted: false, replacedBy: undefined } };
  }

  async #work(message: IncomingMessage, { line, loaded, job }: Order): Promise<Outcome> {
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

  /** A word for those who mistype, in direct chats only and seldom: in a group it may be meant for another bot. */
  #hint(message: IncomingMessage): Promise<Outcome> {
    if (message.chatKind !== 'direct' || message.isFromMe) return DONE;
    const chat = this.#conversation(message);
    const now = this.#options.clock.now();
    const toldAtMs = this.#hinted.get(chat);
    if (toldAtMs !== undefined && now - toldAtMs < HINT_EVERY_MS) return DONE;
    if (!this.#mayQueue(message)) return DONE;
    this.#hinted.set(chat, now);
    const text = `I don't know that one. ${this.#helpLine()}`;
    return this.#queue(message, () => this.#options.hint(message, text));
  }

  #helpLine(): string {
    const { prefix } = this.#options;
    return `Send ${/[\p{L}\p{N}]$/u.test(prefix) ? `${prefix} help` : `${prefix}help`} for what I can do.`;
  }

  #conversation({ chat }: IncomingMessage): string {
    return this.#options.conversationOf(chat);
  }

  #mayQueue(message: IncomingMessage): boolean {
    const { inbox, log, loops } = this.#options;
    if (this.#lanes.waiting(this.#conversation(message)) >= MAX_WAITING) {
      this.#counts.overflowed += 1;
      if (this.#counts.overflowed === 1) {
        log.warn({ maxWaiting: MAX_WAITING }, 'too many commands wait in one chat; more are dropped');
      }
      return false;
    }
    const quotesBot = message.quoted !== undefined && inbox.isOwn(message.quoted.id);
    if (!loops.mutes(message, quotesBot)) return true;
    this.#counts.muted += 1;
    return false;
  }

  #queue(message: IncomingMessage, work: () => Promise<Outcome>): Promise<Outcome> {
    const handling = this.#lanes.run(this.#conversation(message), async () => {
      if (this.#isClosed) return 'unfinished';
      try {
        const outcome = await work();
        // Handed over again in the same process, it is not a second time but the next try.
        if (outcome === 'unfinished') this.#seen.delete(message.key);
        return outcome;
      } catch (error) {
        const facts = { messageId: message.id, err: safeError(error, message.text) };
        this.#options.log.error(facts, 'a command could not be finished');
        return 'done';
      }
    });
    this.#seen.set(message.key, handling);
    return handling;
  }
}
