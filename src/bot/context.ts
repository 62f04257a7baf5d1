import type { Access } from './access.ts';
import type { ChatState, ChatStates } from './chat-state.ts';
import type { Clock } from './clock.ts';
import { type Say, toContent } from './content.ts';
import type { Groups } from './groups.ts';
import { sendId } from './ids.ts';
import type { Log } from './log.ts';
import { fetchMedia, type Media, type MediaOptions } from './media.ts';
import type { Content, GroupFacts, IncomingMessage, Messenger, OutgoingMessage, Person } from './ports.ts';
import { Refusal } from './refusal.ts';
import type { Reminders } from './reminders.ts';
import type { Run } from './run.ts';
import type { Services } from './services.ts';
import { plainText } from './text.ts';

/** A command as its users know it. */
export interface CommandInfo {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly access: Access;
  /** `!remind <20m> <text…>` */
  readonly usage: string;
}

/** What a context needs of the bot; one for all. */
export interface Host {
  readonly clock: Clock;
  readonly log: Log;
  readonly messenger: Messenger;
  readonly services: Services;
  readonly states: ChatStates;
  readonly groups: Groups;
  readonly reminders: Reminders;
  send(message: OutgoingMessage): Promise<void>;
  usable(ctx: Context): Promise<readonly CommandInfo[]>;
}

/** What belongs to one command of one person. */
export interface Call<A> {
  readonly message: IncomingMessage;
  readonly command: CommandInfo;
  readonly args: A;
  readonly rest: string;
  readonly isOwner: boolean;
}

/** Longest text that is kept for later. */
const MAX_LATER_LENGTH = 4_000;

/**
 * What a command has in hand: who said what where, and every way to answer. Once the handler is cut off (it
 * took too long, or the bot stops), each call that sends or fetches rejects with `Interrupted`.
 */
export class Context<A = unknown> {
  /** The message as it came. Everything in it was chosen by its sender. */
  readonly message: IncomingMessage;
  /** The command that runs: name, aliases, summary, access, usage. */
  readonly command: CommandInfo;
  /** The values of the command's `args`, typed. Text in it is free of control characters. */
  readonly args: A;
  /** What follows the command's name, free of control characters, at most 65,536 characters. */
  readonly text: string;
  /** Whether the sender is an owner of the bot. */
  readonly isOwner: boolean;
  readonly #host: Host;
  readonly #run: Run;
  #log: Log | undefined;
  #mentions: Map<string, string> | undefined;

  constructor(host: Host, run: Run, call: Call<A>) {
    this.#host = host;
    this.#run = run;
    this.message = call.message;
    this.command = call.command;
    this.args = call.args;
    this.text = call.rest;
    this.isOwner = call.isOwner;
  }

  /** Who wrote it: `id` (the same under every address), `number`, `jid`, `name` (free of control characters). */
  get sender(): Person {
    const { sender } = this.message;
    return sender.name === undefined ? sender : { ...sender, name: plainText(sender.name) };
  }

  /** JID of the chat. */
  get chat(): string {
    return this.message.chat;
  }

  get isGroup(): boolean {
    return this.message.chatKind === 'group';
  }

  /** How the command is written: `!remind <20m> <text…>`. */
  get usage(): string {
    return this.command.usage;
  }

  /** Small values of this chat, over restarts, each with an end: `get(name)`, `set(name, value, { ttlMs })`, `delete(name)`. */
  get state(): ChatState {
    return this.#host.states.of(this.chat);
  }

  /** Aborts when the handler is cut off: hand it to `fetch` and to timers. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }

  /** A logger that names the command and the message. Never log text or numbers of people. */
  get log(): Log {
    this.#log ??= this.#host.log.child({ command: this.command.name, messageId: this.message.id });
    return this.#log;
  }

  /** What the program tells of itself: `status()`. */
  get services(): Services {
    return this.#host.services;
  }

  /** Answers, quoting the message. Resolves when WhatsApp has it. Rejects with `SEND_REFUSED` where it won't take it. */
  reply(say: Say): Promise<void> {
    return this.#say(say, this.message);
  }

  /** Says something in this chat without a quote. Else like `reply`. */
  send(say: Say): Promise<void> {
    return this.#say(say, undefined);
  }

  /** Puts an emoji on the message; an empty string takes it back. */
  react(emoji: string): Promise<void> {
    return this.#attempt(() => this.#dispatch({ kind: 'reaction', emoji, to: this.message }, undefined));
  }

  /** Asks the chat: 2 to 12 different options, one choice each if not told otherwise. */
  poll(question: string, options: readonly string[], maxChoices = 1): Promise<void> {
    return this.#say({ poll: question, options, maxChoices }, undefined);
  }

  /**
   * The file of this message, else of the message it quotes, else `undefined`. Throws `Refusal` (which the
   * person is told) over `maxBytes` (default 8 MiB), whatever size was claimed, and after `timeoutMs` (30,000).
   */
  async media(options: MediaOptions = {}): Promise<Media | undefined> {
    this.#run.check();
    return fetchMedia(this.#host.messenger, this.#host.clock, this.message, options, this.#run.signal);
  }

  /** `@15551234567`, to put into a text: the person is notified. */
  mention(person: { readonly jid: string }): string {
    const token = `@${person.jid.split(/[:@]/, 1)[0]}`;
    this.#mentions ??= new Map();
    this.#mentions.set(token, person.jid);
    return token;
  }

  /** Subject and members of this group, at most five minutes old; `undefined` in a direct chat. */
  async group(): Promise<GroupFacts | undefined> {
    this.#run.check();
    return this.isGroup ? this.#host.groups.get(this.chat) : undefined;
  }

  /**
   * Says `text` in this chat `delayMs` after the message was sent, over restarts; late with an apology. In a
   * group the sender is mentioned. Resolves when it is on disk. Throws `Refusal` where there is too much to keep.
   */
  later(delayMs: number, text: string): Promise<void> {
    return this.#attempt(() => {
      if (text.length > MAX_LATER_LENGTH) throw new Refusal(`I keep at most ${MAX_LATER_LENGTH} characters.`);
      const { sender, sentAtMs, expirationSeconds } = this.message;
      const id = `${this.message.key}\n${this.#run.nextPlace()}`;
      const dueAtMs = Math.min(sentAtMs, this.#host.clock.now()) + delayMs;
      const start = this.isGroup ? `${this.mention(sender)} ` : '';
      const mentions = this.isGroup ? [sender.jid] : [];
      const { chat } = this;
      const reminder = { chat, text: start + text, dueAtMs, person: sender.id, mentions, expirationSeconds };
      return this.#host.reminders.add(id, reminder);
    });
  }

  /** The commands that this sender may use in this chat, by name. */
  commands(): Promise<readonly CommandInfo[]> {
    return this.#host.usable(this);
  }

  #say(say: Say, quote: IncomingMessage | undefined): Promise<void> {
    return this.#attempt(() =>
      this.#dispatch(
        toContent(say, (text) => this.#mentionsIn(text)),
        quote,
      ),
    );
  }

  /** Places are given out in the order of the calls, so a handler that runs again gives the same ones. */
  #dispatch(content: Content, quote: IncomingMessage | undefined): Promise<void> {
    const { key, chat, expirationSeconds } = this.message;
    return this.#host.send({
      id: sendId(key, this.#run.nextPlace()),
      chat,
      content,
      quote,
      expirationSeconds,
    });
  }

  /** Not an async function: the run must know the very promise that the handler gets, awaited or not. */
  #attempt(work: () => Promise<void>): Promise<void> {
    try {
      this.#run.check();
      return this.#run.track(work());
    } catch (error) {
      return this.#run.track(Promise.reject(error));
    }
  }

  #mentionsIn(text: string): string[] {
    if (this.#mentions === undefined) return [];
    return [...this.#mentions].filter(([token]) => text.includes(token)).map(([, jid]) => jid);
  }
}
