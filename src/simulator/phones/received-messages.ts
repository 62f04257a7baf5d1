import { EventEmitter } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import type { Delivery } from '../server/delivery.ts';
import { contextIn, textIn } from './message-bytes.ts';
import { actIn, type MessageAct } from './read-message-action.ts';

export interface ReceivedMessage {
  readonly id: string;
  readonly text: string | undefined;
  readonly quotedId: string | undefined;
  /** The sender of the quoted message, as the quote names it. */
  readonly quotedSender: string | undefined;
  /** What the message does to an earlier one. Undefined for a message of its own. */
  readonly act: MessageAct | undefined;
  /** The chat on this phone: the bot's address or a group. */
  readonly chat: string;
  /** The bot's device. */
  readonly from: string;
  readonly atMs: number;
  readonly message: proto.IMessage;
  /** 1 if it could be read at once, and one more for each retry. */
  readonly attempt: number;
}

export interface UnreadableMessage {
  readonly id: string;
  readonly chat: string;
  /** Why the first attempt failed. */
  readonly error: string;
  attempts: number;
  /** A resent copy could be read. */
  isRecovered: boolean;
}

export interface InboxEvents {
  received: [message: ReceivedMessage];
  /** An attempt has failed; `attempts` is their number so far. */
  failed: [message: UnreadableMessage];
}

type Match = (message: ReceivedMessage) => boolean;

/** The messages that a phone has received, each id once, and those that it could not read. */
export class Inbox {
  readonly messages: ReceivedMessage[] = [];
  readonly unreadable: UnreadableMessage[] = [];
  duplicates = 0;
  readonly events = new EventEmitter<InboxEvents>();
  readonly #name: string;
  readonly #ids = new Set<string>();

  constructor(name: string) {
    this.#name = name;
    // Each test that waits for a message adds a listener.
    this.events.setMaxListeners(0);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(delivery: Delivery, message: proto.IMessage): void {
    const { id, chat, from } = delivery;
    const failure = this.#failureOf(id);
    if (failure) failure.isRecovered = true;
    this.#ids.add(id);
    const attempt = 1 + (failure?.attempts ?? 0);
    const context = contextIn(message);
    const received = {
      id,
      chat,
      from,
      text: textIn(message),
      quotedId: context?.stanzaId ?? undefined,
      quotedSender: context?.participant ?? undefined,
      act: actIn(message),
      message,
      attempt,
      atMs: Date.now(),
    };
    this.messages.push(received);
    this.events.emit('received', received);
  }

  /** Records a failed attempt and returns their number. */
  fail({ id, chat }: Delivery, error: string): number {
    let failure = this.#failureOf(id);
    if (!failure) {
      failure = { id, chat, error, attempts: 0, isRecovered: false };
      this.unreadable.push(failure);
    }
    failure.attempts++;
    this.events.emit('failed', failure);
    return failure.attempts;
  }

  waitFor(match: Match, deadlineMs: number): Promise<ReceivedMessage> {
    const known = this.messages.find(match);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const check = (message: ReceivedMessage) => {
        if (match(message)) settle(() => resolve(message));
      };
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.events.off('received', check);
        done();
      };
      const timer = setTimeout(() => settle(() => reject(this.#missed(match, deadlineMs))), deadlineMs);
      this.events.on('received', check);
    });
  }

  #failureOf(id: string): UnreadableMessage | undefined {
    return this.unreadable.find((failure) => failure.id === id);
  }

  #missed(match: Match, deadlineMs: number): Error {
    const texts = this.messages.slice(-5).map(({ text }) => JSON.stringify(text));
    const read = `${this.messages.length} read (last: ${texts.join(', ')})`;
    const rest = `${this.unreadable.length} unreadable, ${this.duplicates} duplicates`;
    return new Error(`${this.#name} waited ${deadlineMs} ms for a message with ${match}: ${read}, ${rest}`);
  }
}
