import { addressingOf, deviceOf, isGroup, jidOf } from '../phones/contact-address.ts';
import type { Handset } from '../phones/handset.ts';
import { bytesOf, childOf, childrenOf, type Stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import type { Parcel } from './parcel.ts';
import type { World } from './world.ts';

/** Splits a message of a companion into what each phone gets of it. */
export function parcelsOf(companion: Companion, node: Stanza, world: World): [Handset, Parcel][] {
  const { id = '', to = '', recipient } = node.attrs;
  const group = isGroup(to) ? world.groups.get(to) : undefined;
  const addressing = group?.addressing ?? addressingOf(to);
  const forAll = childrenOf(node, 'enc');
  const copies = copiesIn(node, world);
  return receiversOf(node, copies, world).map((handset) => {
    const ciphers = [...(copies.get(handset) ?? []), ...forAll];
    // The owner's phone shows the conversation with the other one, everybody else that with the bot.
    const partner = handset === world.phone ? (recipient ?? to) : jidOf(world.owner, addressing);
    const parcel: Parcel = {
      id,
      companion: companion.id,
      from: jidOf(world.owner, addressing, companion.id),
      chat: group?.jid ?? partner,
      self: jidOf(handset, addressing),
      group: group?.jid,
      ciphers: ciphers.map((cipher) => ({ type: cipher.attrs.type ?? '', body: bytesOf(cipher) })),
      hasDeviceIdentity: childOf(node, 'device-identity') !== undefined,
    };
    return [handset, parcel];
  });
}

/** What is encrypted for single phones. */
function copiesIn(node: Stanza, world: World): Map<Handset, Stanza[]> {
  const copies = new Map<Handset, Stanza[]>();
  for (const { attrs, content } of childrenOf(childOf(node, 'participants'), 'to')) {
    const handset = deviceOf(attrs.jid) === 0 ? world.handsetOf(attrs.jid) : undefined;
    if (handset && Array.isArray(content)) copies.set(handset, content);
  }
  return copies;
}

function receiversOf(node: Stanza, copies: Map<Handset, Stanza[]>, world: World): Handset[] {
  const { to = '', participant } = node.attrs;
  const group = world.groups.get(to);
  // A resent message is for the one who asked for it.
  const single = world.handsetOf(group ? participant : to);
  if (group && !participant) return [...(world.phone ? [world.phone] : []), ...group.people];
  if (copies.size > 0) return [...copies.keys()];
  return single ? [single] : [];
}
