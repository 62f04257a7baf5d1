import type { Clock } from '../../core/clock.ts';
import type { WorkMarks } from '../../core/crash-history.ts';
import { AppError } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { Content } from '../../core/messages/outgoing-message.ts';
import type { Replay } from '../replay/replay.ts';
import { checkShape } from '../send/check-say.ts';
import { sendId } from '../send/message-id.ts';
import type { Outbox } from '../send/outbox.ts';
import { type Say, type SayImage, type SayVideo, toContent } from '../send/say.ts';
import type { Sent } from '../send/sent.ts';
import type { SentIds } from '../send/sent-ids.ts';
import { type StreamTarget, streamText } from '../send/stream-text.ts';
import type { Polls } from '../state/polls.ts';
import type { HandlerRun } from './handler-run.ts';

export interface SendParts {
  readonly messenger: Messenger;
  readonly polls: Polls;
  readonly clock: Clock;
  readonly marks?: WorkMarks | undefined;
  readonly sentIds: Pick<SentIds, 'has'>;
  readonly outbox: Pick<Outbox, 'send'>;
}

/** Where the messages of a handler go, and what their ids are made from. */
export interface SendFacts {
  readonly messageKey: string;
  readonly idKey: string;
  readonly chat: string;
  readonly expirationSeconds: number | undefined;
}

/** Everything that one handler sends: numbered in the order of the calls, and skipped if an earlier run sent it. */
export class HandlerSends {
  readonly #parts: SendParts;
  readonly #run: HandlerRun;
  readonly #replay: Replay;
  readonly #facts: SendFacts;
  #mentions: Map<string, string> | undefined;
  #flushing: Promise<void> | undefined;

  constructor(parts: SendParts, run: HandlerRun, replay: Replay, facts: SendFacts) {
    this.#parts = parts;
    this.#run = run;
    this.#replay = replay;
    this.#facts = facts;
  }

  mention(jid: string): string {
    const token = `@${jid.split(/[:@]/, 1)[0]}`;
    this.#mentions ??= new Map();
    this.#mentions.set(token, jid);
    return token;
  }

  mentionsIn(text: string): string[] {
    return [...(this.#mentions ?? [])].filter(([token]) => text.includes(token)).map(([, jid]) => jid);
  }

  say(say: Say, quote: IncomingMessage | undefined, chat = this.#facts.chat): Promise<Sent> {
    return this.attempt(() => {
      checkShape(say);
      if (typeof say !== 'string' && 'album' in say) return this.#sayAlbum(say.album, quote, chat);
      const content = toContent(say, (text) => this.mentionsIn(text));
      const isForAll = typeof say !== 'string' && 'mentionAll' in say && say.mentionAll === true;
      return this.dispatch(isForAll ? this.#withAll(content, chat) : content, quote, chat);
    });
  }

  async #withAll(content: Content, chat: string): Promise<Content> {
    if (content.kind !== 'text' || !chat.endsWith('@g.us')) return content;
    const { members } = await this.#parts.messenger.group(chat);
    return {
      ...content,
      mentions: [...new Set([...(content.mentions ?? []), ...members.map(({ jid }) => jid)])],
    };
  }

  /** The beginning of the album, and its pictures one by one: each is a send. */
  async #sayAlbum(
    pictures: readonly (SayImage | SayVideo)[],
    quote: IncomingMessage | undefined,
    chat: string,
  ): Promise<Sent> {
    if (pictures.length < 2 || pictures.length > 30)
      throw new AppError('SEND_REFUSED', 'An album needs 2 to 30 images and videos.');
    const contents = pictures.map((one) => toContent(one, (text) => this.mentionsIn(text)));
    const images = contents.filter(({ kind }) => kind === 'image').length;
    const begin = { kind: 'album', images, videos: contents.length - images } as const;
    const sending = this.dispatch(begin, quote, chat);
    const id = sendId(this.#facts.idKey, this.#run.sendCount);
    const all = contents.map((content) =>
      this.dispatch('data' in content ? { ...content, album: { sentId: id } } : content, undefined, chat),
    );
    const [sent] = await Promise.all([sending, ...all]);
    return sent;
  }

  /** The id comes from the number of the send, so that a handler that runs again sends the same ids. */
  dispatch(
    content: Content | Promise<Content>,
    quote: IncomingMessage | undefined,
    chat = this.#facts.chat,
  ): Promise<Sent> {
    const number = this.#run.nextSendNumber();
    const sent = this.#handle(sendId(this.#facts.idKey, number), chat);
    if (this.#replay.isSent(number)) return Promise.resolve(sent);
    if (content instanceof Promise)
      return content.then((made) => this.#send(sent.id, chat, made, quote)).then(() => sent);
    return this.#send(sent.id, chat, content, quote).then(() => sent);
  }

  /** One send by its number; the edits that let it grow have ids of their own beside it. */
  async stream(pieces: AsyncIterable<string>, quote: IncomingMessage | undefined): Promise<Sent> {
    const number = this.#run.nextSendNumber();
    const { chat, idKey } = this.#facts;
    const sent = this.#handle(sendId(idKey, number), chat);
    if (this.#replay.isSent(number)) return sent;
    const send = (sendNumber: string | number, say: string, isEdit: boolean): Promise<void> =>
      this.attempt(() => {
        const content = toContent(say, (text) => this.mentionsIn(text));
        if (!isEdit || content.kind !== 'text')
          return this.#send(sendId(idKey, sendNumber), chat, content, quote);
        const edit = { ...content, kind: 'edit', to: { sentId: sent.id } } as const;
        return this.#send(sendId(idKey, sendNumber), chat, edit, undefined);
      });
    const target: StreamTarget = {
      wasBegun: this.#parts.sentIds.has(sent.id),
      begin: (text) => send(number, text, false),
      grow: (text, edit) => send(`${number} edit ${edit}`, text, true),
      finish: (text) => send(`${number} whole`, text, true),
    };
    await streamText(pieces, target, this.#parts.clock, this.#run.signal);
    return sent;
  }

  /** Not an async function, because the run must track the same promise that the handler gets. */
  attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#run.check();
      return this.#run.track(work());
    } catch (error) {
      return this.#run.track(Promise.reject(error));
    }
  }

  #send(id: string, chat: string, content: Content, quote: IncomingMessage | undefined): Promise<void> {
    const expirationSeconds = chat === this.#facts.chat ? this.#facts.expirationSeconds : undefined;
    const message = { id, chat, content, quote, expirationSeconds };
    if (this.#replay.hasUnwritten) {
      this.#flushing = (this.#flushing ?? Promise.resolve()).then(() => this.#replay.flush());
    }
    const sending =
      this.#flushing === undefined
        ? this.#parts.outbox.send(message)
        : this.#flushing.then(() => this.#parts.outbox.send(message));
    const settled = this.#parts.marks?.noteSent(this.#facts.messageKey);
    if (settled) sending.then(settled, settled);
    if (content.kind === 'poll') void this.#parts.polls.note(id, content.options);
    return sending;
  }

  #handle(id: string, chat: string): Sent {
    const to = { sentId: id };
    const change = (content: Content): Promise<void> =>
      this.attempt(() => this.dispatch(content, undefined, chat)).then(() => undefined);
    return {
      id,
      edit: (text) =>
        this.attempt(async () => {
          const content = toContent(text, (said) => this.mentionsIn(said));
          if (content.kind === 'text') await change({ ...content, kind: 'edit', to });
        }),
      delete: () => change({ kind: 'delete', to }),
      react: (emoji) => change({ kind: 'reaction', emoji, to }),
      votes: () => this.#parts.polls.votes(id),
    };
  }
}
