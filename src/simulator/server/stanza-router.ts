import type { KeyBundle } from '../crypto/phone-keys.ts';
import { userOf } from '../phones/contact-address.ts';
import { answerQuery, type QueryContext } from '../queries/answer-query.ts';
import { bytesOf, childOf, childrenOf, type Stanza, stanza, uintOf } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import { parcelsOf } from './split-message.ts';

/** Receipts by which a companion tells that it has a message. Others tell what became of it. */
const DELIVERY_TYPES = [undefined, 'inactive', 'sender', 'peer_msg', 'hist_sync'];

interface RouterOptions {
  readonly contextOf: (companion: Companion) => QueryContext;
  readonly failed: (error: unknown) => void;
}

/** Takes what a linked companion says, and brings it to whom it is for. */
export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  received(companion: Companion, node: Stanza): void {
    const context = this.#options.contextOf(companion);
    switch (node.tag) {
      case 'iq':
        this.#query(companion, node, context);
        return;
      case 'message':
        this.#message(companion, node, context);
        return;
      case 'receipt':
        this.#receipt(companion, node, context);
        return;
      case 'ack':
        this.#ack(companion, node);
        return;
      case 'chatstate':
      case 'presence':
        chatState(node, context);
        return;
      default:
    }
  }

  #query(companion: Companion, node: Stanza, context: QueryContext): void {
    if (node.attrs.type === 'result' || node.attrs.type === 'error') return;
    if (context.switches.ignoredQueries.has(node.attrs.xmlns ?? '')) return;
    companion.connection?.send(answerQuery(node, context));
  }

  #message(companion: Companion, node: Stanza, context: QueryContext): void {
    companion.counters.messages++;
    const { switches, nowSeconds } = context;
    if (!switches.withholdsAcks) {
      const { id, to, participant } = node.attrs;
      const t = String(nowSeconds());
      companion.connection?.send(stanza('ack', { class: 'message', id, from: to, participant, t }));
    }
    if (switches.swallowsMessages) return;
    for (const [handset, parcel] of parcelsOf(companion, node, context.world)) {
      handset.deliver(parcel).catch(this.#options.failed);
    }
  }

  #receipt(companion: Companion, node: Stanza, { world }: QueryContext): void {
    const { id = '', to, type, participant, recipient } = node.attrs;
    const items = childrenOf(childOf(node, 'list'), 'item').map(({ attrs }) => attrs.id ?? '');
    companion.counters.receipts++;
    companion.connection?.send(stanza('ack', { class: 'receipt', id, from: to, type, participant }));
    const sender = world.handsetOf(participant ?? to);
    if (type === 'retry') {
      companion.counters.retryReceipts++;
      const count = Number(childOf(node, 'retry')?.attrs.count ?? 1);
      sender?.resend(id, companion.id, count, bundleIn(node)).catch(this.#options.failed);
      return;
    }
    for (const each of [id, ...items]) {
      if (DELIVERY_TYPES.includes(type)) companion.mailbox.acknowledge('message', each, recipient ?? to);
      const person = world.personOf(participant ?? to);
      person?.receipts.push({ id: each, type: type ?? 'delivery', atMs: Date.now() });
    }
  }

  #ack(companion: Companion, { attrs }: Stanza): void {
    if (attrs.error) companion.counters.nacks++;
    else companion.counters.acks++;
    companion.mailbox.acknowledge(attrs.class ?? '', attrs.id, attrs.to);
  }
}

function chatState(node: Stanza, { world }: QueryContext): void {
  const state = node.tag === 'chatstate' ? childrenOf(node)[0]?.tag : node.attrs.type;
  const to = node.attrs.to;
  if (!state || !userOf(to)) return;
  const audience = world.groups.get(to ?? '')?.people ?? [world.personOf(to)];
  for (const person of audience) person?.chatStates.push({ state, atMs: Date.now() });
}

/** The keys that come with a retry receipt, from the second on. */
function bundleIn(receipt: Stanza): KeyBundle | undefined {
  const keys = childOf(receipt, 'keys');
  const signed = childOf(keys, 'skey');
  if (!keys || !signed) return undefined;
  const key = childOf(keys, 'key');
  return {
    registrationId: uintOf(childOf(receipt, 'registration')),
    identity: bytesOf(childOf(keys, 'identity')),
    signedPreKey: {
      id: uintOf(childOf(signed, 'id')),
      value: bytesOf(childOf(signed, 'value')),
      signature: bytesOf(childOf(signed, 'signature')),
    },
    preKey: key && { id: uintOf(childOf(key, 'id')), value: bytesOf(childOf(key, 'value')) },
  };
}
