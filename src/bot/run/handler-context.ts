import type { Log } from '../../core/log.ts';
import type { GroupFacts } from '../../core/messages/group-facts.ts';
import type { IncomingEvent, IncomingMessage, Person } from '../../core/messages/incoming-message.ts';
import { plainText } from '../../core/plain-text.ts';
import type { CommandInfo } from '../command-info.ts';
import type { AskOptions, Context, Me } from '../context.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import type { Replay } from '../replay/replay.ts';
import { quotable } from '../send/quotable.ts';
import type { Say } from '../send/say.ts';
import type { Sent } from '../send/sent.ts';
import type { Services } from '../services.ts';
import type { StateValues } from '../state/chat-state.ts';
import { fetchMedia, type Media, type MediaOptions } from './fetch-media.ts';
import { type GroupAdmin, groupAdmin } from './group-admin.ts';
import type { HandlerFacts, HandlerParts } from './handler-parts.ts';
import type { HandlerRun } from './handler-run.ts';
import { HandlerSends } from './handler-sends.ts';
import { meOf } from './is-addressed.ts';

/** Longest text of a reminder. */
const MAX_LATER_LENGTH = 4_000;
/** WhatsApp shows typing for some 10 seconds. */
const TYPING_MS = 8_000;

/** The context of one handler. `Context` documents its members. */
export class HandlerContext implements Context {
  readonly message: IncomingMessage;
  readonly command: CommandInfo;
  readonly args: unknown;
  readonly text: string;
  readonly isOwner: boolean;
  readonly isAddressed: boolean;
  readonly #parts: HandlerParts;
  readonly #run: HandlerRun;
  readonly #replay: Replay;
  readonly #sends: HandlerSends;
  #log: Log | undefined;

  constructor(parts: HandlerParts, run: HandlerRun, replay: Replay, facts: HandlerFacts) {
    this.#parts = parts;
    this.#run = run;
    this.#replay = replay;
    this.message = facts.message;
    this.command = facts.command;
    this.args = facts.args;
    this.text = facts.text;
    this.isOwner = facts.isOwner;
    this.isAddressed = facts.isAddressed;
    const { chat, expirationSeconds, key: messageKey } = facts.message;
    const sendFacts = { messageKey, idKey: facts.idKey, chat, expirationSeconds };
    this.#sends = new HandlerSends(parts, run, replay, sendFacts);
  }

  get event(): IncomingEvent | undefined {
    return this.message.event;
  }

  get me(): Me {
    return meOf(this.#parts.settings);
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

  get state(): StateValues {
    return this.#parts.states.chats.of(this.chat);
  }

  get personState(): StateValues {
    return this.#parts.states.persons.of(this.message.sender.jid);
  }

  get botState(): StateValues {
    return this.#parts.states.bot.of('bot');
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

  reply(say: Say, quote: IncomingMessage = this.message): Promise<Sent> {
    return this.#sends.say(say, quotable(quote));
  }

  send(say: Say): Promise<Sent> {
    return this.#sends.say(say, undefined);
  }

  sendTo(to: string, say: Say): Promise<Sent> {
    return this.#sends.attempt(() => this.#sends.say(say, undefined, this.#parts.reachable(to)));
  }

  react(emoji: string): Promise<void> {
    const content = { kind: 'reaction', emoji, to: this.message } as const;
    return this.#sends.attempt(() => this.#sends.dispatch(content, undefined)).then(() => undefined);
  }

  poll(question: string, options: readonly string[], maxChoices = 1): Promise<Sent> {
    return this.send({ poll: question, options, maxChoices });
  }

  stream(pieces: AsyncIterable<string>): Promise<Sent> {
    return this.#sends.stream(pieces, quotable(this.message));
  }

  async ask(question: string, options: AskOptions = {}): Promise<IncomingMessage> {
    const send = () => (this.isGroup ? this.reply(question) : this.send(question));
    const { message } = await this.#replay.ask(question, undefined, options, send);
    return message;
  }

  async choose<const W extends string>(
    question: string,
    options: readonly W[],
    limits: AskOptions = {},
  ): Promise<W> {
    const send = () => this.poll(question, options);
    const { option } = await this.#replay.ask(question, options, limits, send);
    const chosen = options.find((one) => one === option);
    if (chosen === undefined) throw new Error('the answer is none of the options');
    return chosen;
  }

  async step<T>(name: string, work: (key: string, signal: AbortSignal) => Promise<T> | T): Promise<T> {
    return (await this.#replay.step(name, work)) as T;
  }

  sleep(ms: number): Promise<void> {
    return this.#replay.sleep(ms);
  }

  now(): number {
    return this.#replay.now();
  }

  random(): number {
    return this.#replay.random();
  }

  typing(): void {
    const { clock, messenger } = this.#parts;
    const over = new AbortController();
    this.#run.onOver(() => over.abort());
    const show = (): void => {
      if (over.signal.aborted) return;
      messenger.showTyping(this.chat, true).catch(() => undefined);
      clock.sleep(TYPING_MS, over.signal).then(show, () => undefined);
    };
    show();
  }

  async media(options: MediaOptions = {}): Promise<Media | undefined> {
    this.#run.check();
    const message = options.of ?? this.message;
    if ((message.media ?? message.quotedMedia) === undefined) return undefined;
    await this.#run.track(this.#parts.mediaSlots.acquire(this.#run, this.#run.signal));
    return fetchMedia(this.#parts.messenger, this.#parts.clock, message, options, this.#run.signal);
  }

  mention(person: { readonly jid: string }): string {
    return this.#sends.mention(person.jid);
  }

  async group(): Promise<GroupFacts | undefined> {
    this.#run.check();
    if (!this.isGroup) return undefined;
    const group = await this.#parts.messenger.group(this.chat);
    const own = this.#parts.settings.ownIds();
    const members = group.members.map((member) => {
      const isMe = own.includes(member.id);
      const name = isMe ? this.me.name : this.#parts.names.get(member.id);
      return { ...member, ...(name !== undefined && { name }), ...(isMe && { isMe }) };
    });
    return { ...group, members };
  }

  get admin(): GroupAdmin {
    return groupAdmin(this.#parts, this.chat, this.isGroup, this.#run);
  }

  later(delayMs: number, text: string): Promise<void> {
    return this.#sends.attempt(() => {
      if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY))
        throw new RangeError('delayMs must be a number of milliseconds from 0 up');
      if (text.length > MAX_LATER_LENGTH) throw new Refusal(phrases.textTooLong(MAX_LATER_LENGTH));
      const { sender, sentAtMs, expirationSeconds } = this.message;
      const id = `${this.message.key}\n${this.#run.nextSendNumber()}`;
      const dueAtMs = Math.min(sentAtMs, this.#parts.clock.now()) + delayMs;
      const said = this.isGroup ? `${this.mention(sender)} ${text}` : text;
      const mentions = this.#sends.mentionsIn(said);
      const { chat } = this;
      const reminder = { chat, text: said, dueAtMs, person: sender.id, mentions, expirationSeconds };
      return this.#parts.reminders.add(id, reminder);
    });
  }

  commands(): Promise<readonly CommandInfo[]> {
    return this.#parts.usableCommands(this);
  }
}
