import type { Log } from '../core/log.ts';
import type { GroupFacts, IncomingMessage, Person } from '../core/messages.ts';
import type { Access } from './run/access.ts';
import type { Media, MediaOptions } from './run/fetch-media.ts';
import type { Say } from './send/say.ts';
import type { Services } from './services.ts';
import type { ChatState } from './state/chat-state.ts';

/**
 * What a command has in hand. Once the handler is cut off (it took too long, or the bot stops), each call that
 * sends or fetches rejects with `Interrupted`.
 */
export interface Context<A = unknown> extends Said<A>, Answers, Surroundings {}

/**
 * Everything in a message was chosen by whoever wrote it. `text`, `args` and `sender.name` are free of control
 * characters and can be repeated; what you take from `message` is as it came.
 */
export interface Said<A> {
  /** The message as it came. */
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
  /** The commands that this sender may use in this chat, by name. */
  commands(): Promise<readonly CommandInfo[]>;
  /** Subject and members of the group, at most five minutes old; `undefined` in a direct chat. */
  group(): Promise<GroupFacts | undefined>;
  /**
   * The file of this message, else of the one it quotes, else `undefined`. Throws a `Refusal` (so the person is
   * told) where it is too large, whatever size was claimed, takes too long, or is gone. Four handlers may have
   * files at a time, each until it ends; the others wait, and their time limit with them.
   */
  media(options?: MediaOptions): Promise<Media | undefined>;
}

/**
 * A context writes to its own chat only. What sends resolves when WhatsApp has the message, however long the
 * network is away, and rejects with `SEND_REFUSED` where WhatsApp will not take it, with `SEND_TIMEOUT` where it
 * does not acknowledge it in five tries.
 */
export interface Answers {
  /** Answers, quoting the message. */
  reply(say: Say): Promise<void>;
  /** Says something in this chat, without a quote. */
  send(say: Say): Promise<void>;
  /** Puts an emoji on the message; an empty string takes it back. */
  react(emoji: string): Promise<void>;
  /**
   * Asks the chat: a question of at most 255 characters, 2 to 12 different options of at most 100. `maxChoices`:
   * default 1.
   */
  poll(question: string, options: readonly string[], maxChoices?: number): Promise<void>;
  /** `@15551234567`, to put into a text: that person is notified. */
  mention(person: { readonly jid: string }): string;
  /**
   * Says `text` (at most 4,000 characters) in this chat `delayMs` milliseconds after the message was sent, over
   * restarts, late with an apology. In a group the sender is mentioned. Resolves when it is on disk. Throws a
   * `Refusal` where there is too much to keep: 50 for one person.
   */
  later(delayMs: number, text: string): Promise<void>;
}

/** What the bot lends to a command. */
export interface Surroundings {
  /** Small values of this chat that outlive a restart and end by themselves. */
  readonly state: ChatState;
  /** Aborts when the handler is cut off: hand it to `fetch` and to timers. */
  readonly signal: AbortSignal;
  /** A logger that names the command and the message. Never log text or numbers of people. */
  readonly log: Log;
  /** What the program tells of itself. */
  readonly services: Services;
}

/** A command as its users know it. */
export interface CommandInfo {
  /** In lower case. */
  readonly name: string;
  /** Its other names, in lower case. */
  readonly aliases: readonly string[];
  /** Its line in `help`. */
  readonly summary: string;
  /** Who may use it. */
  readonly access: Access;
  /** How it is written: `!remind <20m> <text…>`. */
  readonly usage: string;
}
