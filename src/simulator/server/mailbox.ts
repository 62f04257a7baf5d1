import { isSameUser } from '../phones/contact-address.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';

type Send = (node: Stanza) => void;

const ACKNOWLEDGED = ['message', 'receipt', 'notification', 'call'] as const;
type Kind = (typeof ACKNOWLEDGED)[number];

/** What a device still has to acknowledge, oldest first: sent at once when it is online, and again at each login. */
export class Mailbox {
  readonly #waiting: Stanza[] = [];
  #send: Send | undefined;
  /** Stanzas that were sent again at a login. */
  redelivered = 0;

  get waiting(): readonly Stanza[] {
    return this.#waiting;
  }

  post(node: Stanza): void {
    this.#waiting.push(node);
    this.#send?.(node);
  }

  /** The device is online: everything it has not acknowledged goes out again, framed as WhatsApp does it. */
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

  /** Forgets the oldest stanza that `id` and `peer` fit. False when there is none. */
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
