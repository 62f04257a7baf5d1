import type { KeyBundle } from '../crypto/phone-keys.ts';
import { userOf } from '../phones/contact-address.ts';
import { answerQuery, namesOf } from '../queries/answer-query.ts';
import type { QueryContext } from '../queries/query-context.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { bytesOf, childOf, childrenOf, type Stanza, stanza, uintOf } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import { closeWithError } from './faults.ts';
import { refusalOf } from './send-refusals.ts';
import { deliveriesOf } from './split-message.ts';

/** The types of receipts that acknowledge a message. */
const DELIVERY_TYPES = [undefined, 'inactive', 'sender', 'peer_msg', 'hist_sync'];

interface RouterOptions {
  readonly contextOf: (companion: Companion) => QueryContext;
  readonly failed: (error: unknown) => void;
}

/** Handles the stanzas of linked companions: answers queries and delivers messages and receipts. */
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
      case 'call':
        this.#call(companion, node, context);
        return;
      case 'ack':
        this.#ack(companion, node);
        return;
      case 'presence':
        companion.recordPresence(node.attrs);
        chatState(node, context);
        return;
      case 'chatstate':
        chatState(node, context);
        return;
      default:
    }
  }

  #query(companion: Companion, node: Stanza, context: QueryContext): void {
    if (node.attrs.type === 'result' || node.attrs.type === 'error') return;
    if (namesOf(node).some((name) => context.switches.queries.ignored.has(name))) return;
    companion.connection?.send(answerQuery(node, context));
  }

  #message(companion: Companion, node: Stanza, context: QueryContext): void {
    companion.counters.messages++;
    const { switches } = context;
    const refusal = refusalOf(node, switches.sends, context.directory);
    if (refusal?.kind === 'close') {
      if (companion.connection) closeWithError(companion.connection, refusal.code);
      return;
    }
    if (!switches.sends.withholdsAcks) {
      const { id, to, participant } = node.attrs;
      const t = String(nowSeconds());
      const error = refusal?.code.toString();
      companion.connection?.send(
        stanza('ack', { class: 'message', id, from: to, participant, t, error, ...refusal?.attrs }),
      );
    }
    if (refusal || switches.sends.swallowsMessages) return;
    for (const [handset, delivery] of deliveriesOf(companion, node, context.directory)) {
      handset.deliver(delivery).catch(this.#options.failed);
    }
  }

  #receipt(companion: Companion, node: Stanza, { directory }: QueryContext): void {
    const { id = '', to, type, participant, recipient } = node.attrs;
    const items = childrenOf(childOf(node, 'list'), 'item').map(({ attrs }) => attrs.id ?? '');
    companion.counters.receipts++;
    companion.recordReceipt(node.attrs);
    companion.connection?.send(stanza('ack', { class: 'receipt', id, from: to, type, participant }));
    if (type === 'server-error') {
      directory.phone.answerMediaRetry(companion.id, node);
      return;
    }
    const sender = directory.handsetOf(participant ?? to);
    if (type === 'retry') {
      companion.counters.retryReceipts++;
      const count = Number(childOf(node, 'retry')?.attrs.count ?? 1);
      sender?.resend(id, companion.id, count, bundleIn(node)).catch(this.#options.failed);
      return;
    }
    for (const each of [id, ...items]) {
      if (DELIVERY_TYPES.includes(type)) companion.mailbox.acknowledge('message', each, recipient ?? to);
      const person = directory.personOf(participant ?? to);
      person?.receipts.push({ id: each, type: type ?? 'delivery', atMs: Date.now() });
    }
  }

  /** The client rejects a call. */
  #call(companion: Companion, node: Stanza, { directory }: QueryContext): void {
    const { id, to } = node.attrs;
    companion.connection?.send(stanza('ack', { class: 'call', id, from: to }));
    const rejected = childOf(node, 'reject')?.attrs['call-id'];
    if (rejected) directory.personOf(to)?.rejectedCalls.push(rejected);
  }

  #ack(companion: Companion, { attrs }: Stanza): void {
    if (attrs.error) companion.counters.nacks++;
    else companion.counters.acks++;
    companion.recordAck(attrs);
    companion.mailbox.acknowledge(attrs.class ?? '', attrs.id, attrs.to, attrs.error !== undefined);
  }
}

function chatState(node: Stanza, { directory }: QueryContext): void {
  const state = node.tag === 'chatstate' ? childrenOf(node)[0]?.tag : node.attrs.type;
  const to = node.attrs.to;
  if (!state || !userOf(to)) return;
  const audience = directory.groups.get(to ?? '')?.people ?? [directory.personOf(to)];
  for (const person of audience) person?.chatStates.push({ state, atMs: Date.now() });
}

/** The keys in a retry receipt; present from the second receipt on. */
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
