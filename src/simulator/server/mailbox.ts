import { isSameUser } from '../phones/contact-address.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';

type Send = (node: Stanza) => void;

const ACKNOWLEDGED = ['message', 'receipt', 'notification', 'call'] as const;
type Kind = (typeof ACKNOWLEDGED)[number];

/** The stanzas that a device has to acknowledge, oldest first. They are sent at once and again at each login. */
export class Mailbox {
  readonly #waiting: Stanza[] = [];
  #send: Send | undefined;
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
  attach(send: Send): void {
    this.#send = send;
    const count = this.#waiting.length;
    if (count > 0) send(stanza('ib', {}, [stanza('offline_preview', this.#preview())]));
    for (const [index, node] of this.#waiting.entries()) {
      this.redelivered++;
      send({ ...node, attrs: { ...node.attrs, offline: String(index + 1) } });
    }
    send(stanza('ib', {}, [stanza('offline', { count: String(count) })]));
  }

  detach(): void {
    this.#send = undefined;
  }

  /** Removes the oldest stanza with this id and peer. False if there is none. */
  acknowledge(kind: string, id: string | undefined, peer: string | undefined): boolean {
    const index = this.#waiting.findIndex((node) => {
      if (node.tag !== kind || node.attrs.id !== id) return false;
      const { from, recipient, participant } = node.attrs;
      return [from, recipient, participant].some((jid) => jid === peer || isSameUser(jid, peer));
    });
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    return true;
  }

  #preview(): Record<string, string> {
    const count = (kind: Kind) => String(this.#waiting.filter((node) => node.tag === kind).length);
    const counts = ACKNOWLEDGED.map((kind) => [kind, count(kind)]);
    return { ...Object.fromEntries(counts), count: String(this.#waiting.length) };
  }
}
