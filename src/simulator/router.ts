import { type Addressing, addressingOf, deviceOf, isGroup, jidOf, userOf } from './address.ts';
import type { Companion } from './companion.ts';
import type { Group } from './group.ts';
import type { Handset } from './handset.ts';
import type { Parcel } from './mail.ts';
import type { KeyBundle } from './phone-keys.ts';
import { answerQuery, type QueryContext } from './queries.ts';
import { bytesOf, childOf, childrenOf, type Stanza, stanza, uintOf } from './stanza.ts';

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
    for (const [handset, parcel] of parcelsOf(companion, node, context)) {
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

/** Everyone who gets something of a message, with what they get. */
function parcelsOf(companion: Companion, node: Stanza, context: QueryContext): [Handset, Parcel][] {
  const { world } = context;
  const { id = '', to, participant, recipient } = node.attrs;
  const group = isGroup(to) ? world.groups.get(to ?? '') : undefined;
  const hasDeviceIdentity = childOf(node, 'device-identity') !== undefined;
  const common = childrenOf(node, 'enc');
  const own = new Map<Handset, Stanza[]>();
  for (const copy of childrenOf(childOf(node, 'participants'), 'to')) {
    const handset = deviceOf(copy.attrs.jid) === 0 ? world.handsetOf(copy.attrs.jid) : undefined;
    if (handset) own.set(handset, childrenOf(copy, 'enc'));
  }
  const receivers = group
    ? membersOf(group, participant, context)
    : own.size > 0
      ? [...own.keys()]
      : [world.handsetOf(to)];
  const addressing = group?.addressing ?? addressingOf(to);
  return receivers.flatMap((handset): [Handset, Parcel][] => {
    if (!handset) return [];
    const ciphers = [...(own.get(handset) ?? []), ...common];
    const isOwner = handset === world.phone;
    const from = jidOf(world.owner, addressing, companion.id);
    const chat = group?.jid ?? (isOwner ? (recipient ?? to ?? '') : jidOf(world.owner, addressing));
    const parcel: Parcel = {
      id,
      companion: companion.id,
      from,
      chat,
      self: selfOf(handset, own.has(handset) ? addressing : addressingOf(to), group),
      group: group?.jid,
      ciphers: ciphers.map((cipher) => ({ type: cipher.attrs.type ?? '', body: bytesOf(cipher) })),
      hasDeviceIdentity,
    };
    return [[handset, parcel]];
  });
}

function membersOf(
  group: Group,
  participant: string | undefined,
  { world }: QueryContext,
): (Handset | undefined)[] {
  if (participant) return [world.handsetOf(participant)];
  return [world.phone, ...group.people];
}

function selfOf(handset: Handset, addressing: Addressing, group: Group | undefined): string {
  return group ? group.addressOf(handset) : jidOf(handset, addressing);
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
