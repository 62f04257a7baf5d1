import { isSameUser } from '../phones/contact-address.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';

type Send = (node: Stanza) => void;

const ACKNOWLEDGED = ['message', 'receipt', 'notification', 'call'] as const;
type Kind = (typeof ACKNOWLEDGED)[number];

/** The stanzas that a device has to acknowledge, oldest first. They are sent at once and again at each login. */
export class Mailbox {
  readonly #waiting: Stanza[] = [];
  #send: Send | undefined;
  /** The stanzas of the offline queue that wait for the acknowledgement of the one before. */
  #held: Stanza[] = [];
  /** How many stanzas were sent again at a login. */
  redelivered = 0;

  get waiting(): readonly Stanza[] {
    return this.#waiting;
  }

  post(node: Stanza): void {
    this.#waiting.push(node);
    this.#send?.(node);
  }

  /** The device is online: sends all stanzas that it has not acknowledged, between `offline_preview` and `offline`. */
  attach(send: Send, holdsAfterNack = false): void {
    this.#send = send;
    const count = this.#waiting.length;
    if (count > 0) send(stanza('ib', {}, [stanza('offline_preview', this.#preview())]));
    const queue: Stanza[] = this.#waiting.map((node, index) => ({
      ...node,
      attrs: { ...node.attrs, offline: String(index + 1) },
    }));
    queue.push(stanza('ib', {}, [stanza('offline', { count: String(count) })]));
    this.#held = holdsAfterNack ? queue.splice(1) : [];
    for (const node of queue) this.#redeliver(node);
  }

  detach(): void {
    this.#send = undefined;
    this.#held = [];
  }

  #redeliver(node: Stanza): void {
    if (node.tag !== 'ib') this.redelivered++;
    this.#send?.(node);
  }

  /**
   * Removes the oldest stanza with this id and peer. False if there is none. If the queue is held, an
   * acknowledgement releases the next stanza, and an error acknowledgement ends the queue until the next login.
   */
  acknowledge(kind: string, id: string | undefined, peer: string | undefined, isError = false): boolean {
    const index = this.#waiting.findIndex((node) => {
      if (node.tag !== kind || node.attrs.id !== id) return false;
      const { from, recipient, participant } = node.attrs;
      // Only a receipt that names the bot's chat ends the delivery of what the owner writes to it (Baileys#2822).
      if (recipient?.endsWith('@bot') && kind === 'message') return peer === recipient;
      return [from, recipient, participant].some((jid) => jid === peer || isSameUser(jid, peer));
    });
    if (index < 0) return false;
    if (isError && this.#held.length > 0) {
      this.#held = [];
      return true;
    }
    this.#waiting.splice(index, 1);
    const next = this.#held.shift();
    if (next) this.#redeliver(next);
    return true;
  }

  #preview(): Record<string, string> {
    const count = (kind: Kind) => String(this.#waiting.filter((node) => node.tag === kind).length);
    const counts = ACKNOWLEDGED.map((kind) => [kind, count(kind)]);
    return { ...Object.fromEntries(counts), count: String(this.#waiting.length) };
  }
}
