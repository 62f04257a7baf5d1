import type { Log } from '../core/log.ts';
import type { GroupFacts } from '../core/messages/group-facts.ts';
import type { IncomingEvent, IncomingMessage, Person } from '../core/messages/incoming-message.ts';
import type { CommandInfo } from './command-info.ts';
import type { Media, MediaOptions } from './run/fetch-media.ts';
import type { GroupAdmin } from './run/group-admin.ts';
import type { Say } from './send/say.ts';
import type { Sent } from './send/sent.ts';
import type { Services } from './services.ts';
import type { StateValues } from './state/chat-state.ts';

/** Limits for `ctx.ask()` and `ctx.choose()`. */
export interface AskOptions {
  /** How long the question is open, in milliseconds. Default a day, at most 30 days. */
  readonly timeoutMs?: number;
}

/**
 * What a handler works with. After the handler was cut off (it took too long, or the bot stops), each call that
 * sends or fetches rejects with `Interrupted`.
 */
export interface Context<A = unknown>
  extends ContextInput<A>,
    ContextAnswers,
    ContextMemory,
    ContextServices {}

/**
 * The sender chose everything that is in a message. `text`, `args` and `sender.name` have no control characters and
 * are safe to repeat; the fields of `message` are unchanged.
 */
export interface ContextInput<A> {
  /** The message, unchanged. */
  readonly message: IncomingMessage;
  /** Who wrote it. */
  readonly sender: Person;
  /** JID of the chat. */
  readonly chat: string;
  /** Whether the chat is a group. */
  readonly isGroup: boolean;
  /** Whether the sender is an owner of the bot: one of `OWNER_NUMBERS`, or the linked account itself. */
  readonly isOwner: boolean;
  /** What follows the command's name, at most 65,536 characters. */
  readonly text: string;
  /** The values of the command's `args`, by name; the types follow from them. */
  readonly args: A;
  /** The command that runs. */
  readonly command: CommandInfo;
  /** How the command is written: `!remind <20m> <text…>`. */
  readonly usage: string;
  /** Whether the message mentions the bot or quotes one of its messages. Always true in a direct chat. */
  readonly isAddressed: boolean;
  /** What happened, if the message is not simply a new one: a reaction, an edit, a vote, somebody joined. */
  readonly event: IncomingEvent | undefined;
  /** The account of the bot. */
  readonly me: Me;
  /** The commands that this sender may use in this chat, by name. */
  commands(): Promise<readonly CommandInfo[]>;
  /** What the bot does as an admin of the group. */
  readonly admin: GroupAdmin;
  /** Subject and members of the group, at most five minutes old; `undefined` in a direct chat. */
  group(): Promise<GroupFacts | undefined>;
  /**
   * The file of this message; if it has none, of the message that it quotes; if that has none, `undefined`. Throws a
   * `Refusal`, which tells the person, if the file is too large (whatever size was claimed), takes too long, or is
   * gone. At most four handlers have files at a time, each until it ends. The others wait, and their time limit stops
   * meanwhile.
   */
  media(options?: MediaOptions): Promise<Media | undefined>;
}

/**
 * A context writes to its own chat. Each method that sends resolves when WhatsApp has the message, however long the
 * network is away. It rejects with `SEND_REFUSED` if WhatsApp refuses the message, and with `SEND_TIMEOUT` if WhatsApp
 * does not acknowledge it in five tries.
 */
export interface ContextAnswers {
  /**
   * Answers the message and quotes it, or quotes another message: an answer to `ctx.ask()`. An event that phones do not
   * show as a message (a reaction, a vote, a deletion) is answered without a quote.
   */
  reply(say: Say, quote?: IncomingMessage): Promise<Sent>;
  /** Writes in this chat without a quote. */
  send(say: Say): Promise<Sent>;
  /**
   * Writes to another chat: a JID, or a phone number of digits. Throws a `Refusal` unless that person or group has
   * written to the bot before, or is listed in `MAY_WRITE_TO`.
   */
  sendTo(to: string, say: Say): Promise<Sent>;
  /** Reacts to the message with an emoji; an empty string removes the reaction. */
  react(emoji: string): Promise<void>;
  /**
   * Asks the chat: a question of at most 255 characters, 2 to 12 different options of at most 100. `maxChoices`:
   * default 1.
   */
  poll(question: string, options: readonly string[], maxChoices?: number): Promise<Sent>;
  /**
   * Answers with a text that comes in pieces: one message that grows by edits every two seconds. It ends with the whole
   * text, also if the bot is killed meanwhile and the handler runs again. Text beyond 65,534 characters is left out.
   */
  stream(pieces: AsyncIterable<string>): Promise<Sent>;
  /** Shows that the bot types, until the handler ends. */
  typing(): void;
  /** The mention of a person, `@15551234567`. A text that contains it notifies that person. */
  mention(person: { readonly jid: string }): string;
  /**
   * Sends `text` (at most 4,000 characters) in this chat `delayMs` milliseconds after the message was sent. It outlives
   * restarts; if it comes late, an apology is added. In a group it mentions the sender. Resolves when it is on disk.
   * Throws a `Refusal` if too many are kept (50 for one person), or if it is due in more than a year.
   */
  later(delayMs: number, text: string): Promise<void>;
}

/**
 * Calls that are remembered on disk. When an answer comes, and after a kill, the handler runs again from its start and
 * finds the results of its earlier calls. See docs/conversations.md.
 */
export interface ContextMemory {
  /**
   * Asks the sender and resolves with their next message in this chat. `cancel` ends the conversation, and a command
   * runs without ending it. Throws `AskTimeout` if no answer comes in time.
   */
  ask(question: string, options?: AskOptions): Promise<IncomingMessage>;
  /** Asks with a poll and resolves with the chosen option. The sender may vote, or write the option or its number. */
  choose<const W extends string>(question: string, options: readonly W[], limits?: AskOptions): Promise<W>;
  /**
   * Does some work once and remembers its result, which must be JSON. `work` gets a key that is the same if the work is
   * done again after a kill, and a signal. An error is remembered too and thrown again.
   */
  step<T>(name: string, work: (key: string, signal: AbortSignal) => Promise<T> | T): Promise<T>;
  /** Resolves after `ms` milliseconds (at most 30 days), also if the bot restarts meanwhile. */
  sleep(ms: number): Promise<void>;
  /** The time in milliseconds since 1970, the same when the handler runs again. */
  now(): number;
  /** A random number from 0 up to 1, the same when the handler runs again. */
  random(): number;
}

/** What the bot and the program offer to a handler. */
export interface ContextServices {
  /** Small values of this chat. They outlive a restart and expire. */
  readonly state: StateValues;
  /** Small values of the sender, in all chats. */
  readonly personState: StateValues;
  /** Small values of the bot. */
  readonly botState: StateValues;
  /** Aborts when the handler is cut off. Pass it to `fetch` and to timers. */
  readonly signal: AbortSignal;
  /** A logger that names the command and the message. You must not log the text or the number of a person. */
  readonly log: Log;
  /** The state of the program. */
  readonly services: Services;
}

/** The account of the bot. */
export interface Me {
  /** Its phone number, digits only, once it is linked. */
  readonly number: string | undefined;
  /** Its LID, digits only, if WhatsApp told it. */
  readonly lid: string | undefined;
  /** The name that it shows to people. */
  readonly name: string | undefined;
}
