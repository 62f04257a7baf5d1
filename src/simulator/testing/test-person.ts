import type { proto } from '@whiskeysockets/baileys';
import type { MediaFile } from '../media/media-message.ts';
import type { Contact } from '../phones/contact-address.ts';
import type { Group } from '../phones/group.ts';
import type { Person } from '../phones/person.ts';
import type { EditOptions, NameOptions } from '../phones/send-options.ts';
import { type HeardMessage, HeardMessages, type HearMatch, type HearOptions } from './heard-messages.ts';

/** Anything with the id of a message: what `says` and `hears` resolve with. */
export interface MessageRef {
  readonly id: string;
}

/** A person with a phone. Without a group the methods act in the direct chat with the bot. */
export class TestPerson implements Contact {
  readonly name: string;
  /** The simulated phone, for everything that has no method here. */
  readonly phone: Person;
  readonly #messages: HeardMessages;

  constructor(phone: Person, deadlineMs: number) {
    this.phone = phone;
    this.name = phone.name;
    this.#messages = new HeardMessages(phone, deadlineMs, (message) => phone.download(message));
  }

  /** Digits. */
  get number(): string {
    return this.phone.number;
  }

  /** The user part of the LID. */
  get lid(): string {
    return this.phone.lid;
  }

  /** The address of direct messages. */
  get jid(): string {
    return this.phone.jid;
  }

  /** What the bot wrote and no `hears` has taken yet, oldest first. */
  get unheard(): HeardMessage[] {
    return this.#messages.unheard;
  }

  /** True if the bot showed that it types or records, since the test began. */
  get sawTyping(): boolean {
    return this.phone.chatStates.some(({ state }) => state === 'composing');
  }

  /** Resolves when the server has the message; whether the bot is online does not matter. */
  says(text: string, group?: Group): Promise<MessageRef> {
    return this.phone.send(text, group);
  }

  /** Sends any content, as Baileys types it. */
  sends(content: proto.IMessage, group?: Group): Promise<MessageRef> {
    return this.phone.sendMessage(content, group ? { to: group } : {});
  }

  /** Uploads a file and sends it. */
  sendsFile(file: MediaFile, group?: Group): Promise<MessageRef> {
    return this.phone.sendMedia(file, group ? { to: group } : {});
  }

  /**
   * Resolves with the oldest message of the bot that matches and that no earlier `hears` has taken. Rejects with a
   * `DeadlineError` if none comes in time. Default: any message.
   */
  hears(match?: HearMatch, options?: HearOptions): Promise<HeardMessage> {
    return this.#messages.next(match, options);
  }

  /** Resolves if the bot writes nothing to this person for this long. Default 300 ms. */
  hearsNothing(forMs = 300): Promise<void> {
    return this.#messages.nothing(forMs);
  }

  /** To a message of the bot, one of their own, or one of another person in a group. */
  replies(to: MessageRef, text: string): Promise<MessageRef> {
    return this.phone.reply(to.id, text);
  }

  /** An empty emoji takes the reaction back. */
  reacts(to: MessageRef, emoji: string): Promise<MessageRef> {
    return this.phone.react(to.id, emoji);
  }

  /** Edits an own message; sealed, as phones do since May 2026, unless `isSealed` is false. */
  edits(message: MessageRef, text: string, options?: EditOptions): Promise<MessageRef> {
    return this.phone.edit(message.id, text, options);
  }

  deletes(message: MessageRef): Promise<MessageRef> {
    return this.phone.delete(message.id);
  }

  /** Votes in a poll of the bot for options by their text. No option takes the vote back. */
  votes(poll: MessageRef, options: string | readonly string[], names?: NameOptions): Promise<MessageRef> {
    return this.phone.vote(poll.id, typeof options === 'string' ? [options] : options, names);
  }

  joins(group: Group): void {
    group.join(this.phone);
  }

  leaves(group: Group): void {
    group.leave(this.phone);
  }

  calls(options?: { isVideo?: boolean }): { readonly id: string; readonly end: () => void } {
    return this.phone.call(options);
  }
}
