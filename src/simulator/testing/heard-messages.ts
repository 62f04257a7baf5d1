import type { proto } from '@whiskeysockets/baileys';
import type { MediaType } from '../media/media-cipher.ts';
import type { Handset } from '../phones/handset.ts';
import { mediaTypeOf, stanzaTypeOf } from '../phones/message-bytes.ts';
import type { MessageAct } from '../phones/read-message-action.ts';
import type { ReceivedMessage } from '../phones/received-messages.ts';
import { before, DeadlineError } from './deadline-error.ts';

/** A message of the bot as a person sees it. */
export interface HeardMessage {
  readonly id: string;
  /** The text or the caption; the new text if the message edits an earlier one. */
  readonly text: string | undefined;
  /** `text`, `image`, `video`, `gif`, `ptt`, `audio`, `document`, `sticker`, `poll`, `reaction`, … */
  readonly kind: string;
  /** The id of the message that it quotes. */
  readonly quotes: string | undefined;
  /** What it does to an earlier message: an edit, a deletion, a reaction or a vote. */
  readonly act: MessageAct | undefined;
  /** JID of the chat: a group, or the bot. */
  readonly chat: string;
  /** The whole message, as Baileys types it. */
  readonly content: proto.IMessage;
  /** 1 if it could be read at once, and one more for each time that the phone had to ask for it again. */
  readonly attempt: number;
  /** Downloads the file of the message. Throws if it has none. */
  file(): { readonly type: MediaType; readonly mimetype: string; readonly data: Buffer };
}

/** A text, a pattern for the text, or a test of the message. */
export type HearMatch = string | RegExp | ((message: HeardMessage) => boolean);

export interface HearOptions {
  /** The group in which the bot writes. Default every chat. */
  in?: { readonly jid: string };
  /** Milliseconds. Default the deadline of `startWhatsApp`. */
  within?: number;
}

type Download = (message: ReceivedMessage) => ReturnType<HeardMessage['file']>;

/** The messages that one phone has received. Each message is heard once. */
export class HeardMessages {
  readonly #phone: Handset;
  readonly #deadlineMs: number;
  readonly #download: Download;
  readonly #heard = new Set<string>();

  constructor(phone: Handset, deadlineMs: number, download: Download) {
    this.#phone = phone;
    this.#deadlineMs = deadlineMs;
    this.#download = download;
  }

  /** The messages that no `hears` has taken yet, oldest first. */
  get unheard(): HeardMessage[] {
    return this.#phone.inbox.filter(({ id }) => !this.#heard.has(id)).map((message) => this.#view(message));
  }

  /** Resolves with the oldest unheard message that matches, present or to come, and takes it. */
  next(match: HearMatch | undefined, options: HearOptions = {}): Promise<HeardMessage> {
    const deadlineMs = options.within ?? this.#deadlineMs;
    const fits = (message: HeardMessage): boolean =>
      (!options.in || message.chat === options.in.jid) && isMatch(message, match);
    return before(
      deadlineMs,
      (signal) => this.#first(fits, signal),
      () => new DeadlineError(this.#phone.name, `to hear ${nameOf(match)}`, deadlineMs, this.#summary()),
    );
  }

  /** Resolves after the time if no unheard message has come until then; rejects at the first one. */
  async nothing(forMs: number): Promise<void> {
    const heard = await this.next(undefined, { within: forMs }).catch(() => undefined);
    if (heard) throw new Error(`${this.#phone.name} heard ${JSON.stringify(heard.text ?? heard.kind)}`);
  }

  #first(fits: (message: HeardMessage) => boolean, signal: AbortSignal): Promise<HeardMessage> {
    const found = this.unheard.find(fits);
    if (found) return Promise.resolve(this.#take(found));
    const { events } = this.#phone;
    return new Promise((resolve) => {
      const look = (received: ReceivedMessage): void => {
        const message = this.#view(received);
        if (this.#heard.has(message.id) || !fits(message)) return;
        events.off('received', look);
        resolve(this.#take(message));
      };
      events.on('received', look);
      signal.addEventListener('abort', () => events.off('received', look), { once: true });
    });
  }

  #take(message: HeardMessage): HeardMessage {
    this.#heard.add(message.id);
    return message;
  }

  #view(received: ReceivedMessage): HeardMessage {
    const { id, text, quotedId, act, chat, message, attempt } = received;
    const kind = mediaTypeOf(message) ?? stanzaTypeOf(message);
    const file = () => this.#download(received);
    return { id, text, kind, quotes: quotedId, act, chat, content: message, attempt, file };
  }

  #summary(): string {
    const texts = this.unheard
      .slice(-5)
      .map(({ text, kind }) => (text === undefined ? kind : JSON.stringify(text)));
    const { length: unreadable } = this.#phone.unreadable;
    return `unheard: ${texts.join(', ') || 'nothing'}; messages that the phone cannot read: ${unreadable}`;
  }
}

function isMatch(message: HeardMessage, match: HearMatch | undefined): boolean {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(message);
  if (typeof match === 'string') return message.text === match;
  return match.test(message.text ?? '');
}

function nameOf(match: HearMatch | undefined): string {
  if (match === undefined) return 'any message';
  return typeof match === 'string' ? JSON.stringify(match) : String(match);
}
