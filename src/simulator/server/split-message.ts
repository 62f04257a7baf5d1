import { addressingOf, deviceOf, isGroup, jidOf } from '../phones/contact-address.ts';
import type { Handset } from '../phones/handset.ts';
import { bytesOf, childOf, childrenOf, type Stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import type { Delivery } from './delivery.ts';
import type { Directory } from './directory.ts';

/** Splits a companion's message into one delivery for each phone. */
export function deliveriesOf(
  companion: Companion,
  node: Stanza,
  directory: Directory,
): [Handset, Delivery][] {
  const { id = '', to = '', recipient } = node.attrs;
  const group = isGroup(to) ? directory.groups.get(to) : undefined;
  const addressing = group?.addressing ?? addressingOf(to);
  const forAll = childrenOf(node, 'enc');
  const copies = copiesIn(node, directory);
  return receiversOf(node, copies, directory).map((handset) => {
    const ciphers = [...(copies.get(handset) ?? []), ...forAll];
    // The owner's phone shows the chat with the other person, everybody else the chat with the bot.
    const partner = handset === directory.phone ? (recipient ?? to) : jidOf(directory.owner, addressing);
    const delivery: Delivery = {
      id,
      companion: companion.id,
      from: jidOf(directory.owner, addressing, companion.id),
      chat: group?.jid ?? partner,
      self: jidOf(handset, addressing),
      group: group?.jid,
      ciphers: ciphers.map((cipher) => ({ type: cipher.attrs.type ?? '', body: bytesOf(cipher) })),
      hasDeviceIdentity: childOf(node, 'device-identity') !== undefined,
    };
    return [handset, delivery];
  });
}

/** The ciphertexts for single phones. */
function copiesIn(node: Stanza, directory: Directory): Map<Handset, Stanza[]> {
  const copies = new Map<Handset, Stanza[]>();
  for (const { attrs, content } of childrenOf(childOf(node, 'participants'), 'to')) {
    const handset = deviceOf(attrs.jid) === 0 ? directory.handsetOf(attrs.jid) : undefined;
    if (handset && Array.isArray(content)) copies.set(handset, content);
  }
  return copies;
}

function receiversOf(node: Stanza, copies: Map<Handset, Stanza[]>, directory: Directory): Handset[] {
  const { to = '', participant } = node.attrs;
  const group = directory.groups.get(to);
  // A message that was sent again is for the phone that asked for it.
  const single = directory.handsetOf(group ? participant : to);
  if (group && !participant) return [directory.phone, ...group.people];
  if (copies.size > 0) return [...copies.keys()];
  return single ? [single] : [];
}
