import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type {
  Content,
  GroupFacts,
  IncomingMessage,
  Messenger,
  OutgoingMessage,
  Person,
} from '../../core/messages.ts';
import type { WorkMarks } from '../../core/poison.ts';
import { plainText } from '../../core/text.ts';
import type { CommandInfo, Context } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { sendId } from '../send/message-id.ts';
import { type Say, toContent } from '../send/say.ts';
import type { Services } from '../services.ts';
import type { ChatState, ChatStates } from '../state/chat-state.ts';
import type { Reminders } from '../state/reminders.ts';
import { fetchMedia, type Media, type MediaOptions } from './fetch-media.ts';
import type { HandlerRun } from './handler-run.ts';
import type { Semaphore } from './semaphore.ts';

/** The parts of the bot that every handler context uses. */
export interface HandlerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly messenger: Messenger;
  readonly services: Services;
  readonly states: ChatStates;
  readonly reminders: Reminders;
  /** Limits how many handlers have files in memory. */
  readonly mediaSlots: Semaphore<HandlerRun>;
  readonly marks?: WorkMarks | undefined;
  send(message: OutgoingMessage): Promise<void>;
  usableCommands(ctx: Context): Promise<readonly CommandInfo[]>;
}

/** What one handler is called with. */
export interface HandlerFacts {
  readonly message: IncomingMessage;
  readonly command: CommandInfo;
  readonly args: unknown;
  readonly text: string;
  readonly isOwner: boolean;
}

/** Longest text of a reminder. */
const MAX_LATER_LENGTH = 4_000;

/** The context of one handler. `Context` documents its members. */
export class HandlerContext implements Context {
  readonly message: IncomingMessage;
  readonly command: CommandInfo;
  readonly args: unknown;
  readonly text: string;
  readonly isOwner: boolean;
  readonly #parts: HandlerParts;
  readonly #run: HandlerRun;
  #log: Log | undefined;
  #mentions: Map<string, string> | undefined;

  constructor(host: HandlerParts, run: HandlerRun, { message, command, args, text, isOwner }: HandlerFacts) {
    this.#parts = host;
    this.#run = run;
    this.message = message;
    this.command = command;
    this.args = args;
    this.text = text;
    this.isOwner = isOwner;
  }

  get sender(): Person {
    const { sender } = this.message;
    return sender.name === undefined ? sender : { ...sender, name: plainText(sender.name) };
  }

  get chat(): string {
    return this.message.chat;
  }

  get isGroup(): boolean {
    return this.message.chatKind === 'group';
  }

  get usage(): string {
    return this.command.usage;
  }

  get state(): ChatState {
    return this.#parts.states.of(this.chat);
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get log(): Log {
    this.#log ??= this.#parts.log.child({ command: this.command.name, messageId: this.message.id });
    return this.#log;
  }

  get services(): Services {
    return this.#parts.services;
  }

  reply(say: Say): Promise<void> {
    return this.#say(say, this.message);
  }

  send(say: Say): Promise<void> {
    return this.#say(say, undefined);
  }

  react(emoji: string): Promise<void> {
    return this.#attempt(() => this.#dispatch({ kind: 'reaction', emoji, to: this.message }, undefined));
  }

  poll(question: string, options: readonly string[], maxChoices = 1): Promise<void> {
    return this.#say({ poll: question, options, maxChoices }, undefined);
  }

  async media(options: MediaOptions = {}): Promise<Media | undefined> {
    this.#run.check();
    if ((this.message.media ?? this.message.quotedMedia) === undefined) return undefined;
    await this.#run.track(this.#parts.mediaSlots.acquire(this.#run, this.#run.signal));
    return fetchMedia(this.#parts.messenger, this.#parts.clock, this.message, options, this.#run.signal);
  }

  mention(person: { readonly jid: string }): string {
    const token = `@${person.jid.split(/[:@]/, 1)[0]}`;
    this.#mentions ??= new Map();
    this.#mentions.set(token, person.jid);
    return token;
  }

  async group(): Promise<GroupFacts | undefined> {
    this.#run.check();
    return this.isGroup ? this.#parts.messenger.group(this.chat) : undefined;
  }

  later(delayMs: number, text: string): Promise<void> {
    return this.#attempt(() => {
      if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY))
        throw new RangeError('delayMs must be a number of milliseconds from 0 up');
      if (text.length > MAX_LATER_LENGTH) throw new Refusal(`I keep at most ${MAX_LATER_LENGTH} characters.`);
      const { sender, sentAtMs, expirationSeconds } = this.message;
      const id = `${this.message.key}\n${this.#run.nextSendNumber()}`;
      const dueAtMs = Math.min(sentAtMs, this.#parts.clock.now()) + delayMs;
      const said = this.isGroup ? `${this.mention(sender)} ${text}` : text;
      const mentions = this.#mentionsIn(said);
      const { chat } = this;
      const reminder = { chat, text: said, dueAtMs, person: sender.id, mentions, expirationSeconds };
      return this.#parts.reminders.add(id, reminder);
    });
  }

  commands(): Promise<readonly CommandInfo[]> {
    return this.#parts.usableCommands(this);
  }

  #say(say: Say, quote: IncomingMessage | undefined): Promise<void> {
    return this.#attempt(() => {
      const content = toContent(say, (text) => this.#mentionsIn(text));
      return this.#dispatch(content, quote);
    });
  }

  /** Numbers the sends in the order of the calls, so that a handler that runs again sends the same ids. */
  #dispatch(content: Content, quote: IncomingMessage | undefined): Promise<void> {
    const { key, chat, expirationSeconds } = this.message;
    const id = sendId(key, this.#run.nextSendNumber());
    this.#parts.marks?.noteSent(key);
    return this.#parts.send({ id, chat, content, quote, expirationSeconds });
  }

  /** Not an async function, because the run must track the same promise that the handler gets. */
  #attempt(work: () => Promise<void>): Promise<void> {
    try {
      this.#run.check();
      return this.#run.track(work());
    } catch (error) {
      return this.#run.track(Promise.reject(error));
    }
  }

  #mentionsIn(text: string): string[] {
    return [...(this.#mentions ?? [])].filter(([token]) => text.includes(token)).map(([, jid]) => jid);
  }
}
