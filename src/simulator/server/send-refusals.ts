import { addressingOf, isSameUser, jidOf, userOf } from '../phones/contact-address.ts';
import { bytesOf, childOf, childrenOf, type Stanza } from '../wire/stanza.ts';
import type { Directory } from './directory.ts';
import type { SendMatch, SendRefusal, SendSwitches } from './fault-switches.ts';

/** The answer to a send that is refused. Undefined if the message is delivered. Counts down the refusal. */
export function refusalOf(
  node: Stanza,
  switches: SendSwitches,
  directory: Directory,
): SendRefusal['answer'] | undefined {
  const refusal = switches.refusals.find((each) => each.times > 0 && isMatch(node, each));
  if (refusal) {
    refusal.times--;
    return refusal.answer;
  }
  const code = goneGroupCode(node, directory) ?? addressCode(node, switches, directory);
  return code === undefined ? undefined : { kind: 'ack', code };
}

/** The kind of a message stanza: the media type of its ciphertext, else its `type`. */
export function kindOf(node: Stanza): string | undefined {
  const copies = childrenOf(childOf(node, 'participants'), 'to').flatMap((to) => childrenOf(to, 'enc'));
  const enc = [...childrenOf(node, 'enc'), ...copies].find(({ attrs }) => attrs.mediatype);
  return enc?.attrs.mediatype ?? node.attrs.type;
}

function isMatch(node: Stanza, { to, kind, id }: SendMatch): boolean {
  if (to && !to.some((jid) => jid === node.attrs.to || isSameUser(jid, node.attrs.to))) return false;
  if (kind !== undefined && kindOf(node) !== kind) return false;
  return id === undefined || id === node.attrs.id;
}

function goneGroupCode({ attrs }: Stanza, directory: Directory): number | undefined {
  if (!attrs.to?.endsWith('@g.us')) return undefined;
  const group = directory.groups.get(attrs.to);
  if (!group) return 404;
  const isMuted = group.settings.has('announcement') && !group.isAdmin(directory.phone);
  // The code for a member who may not send is assumed; public sources name none.
  return group.goneCode ?? (isMuted ? 403 : undefined);
}

/** Errors that depend on how the receiver is addressed. */
function addressCode(node: Stanza, switches: SendSwitches, directory: Directory): number | undefined {
  const { to, category } = node.attrs;
  const token = childOf(node, 'tctoken');
  // A token in a message to the account's own devices makes the stanza invalid.
  if (category === 'peer') return token ? 479 : undefined;
  if (isMixed(node)) return 400;
  const person = directory.personOf(to);
  if (!person || childrenOf(node).length === 0) return undefined;
  if (switches.requiresLids && to?.endsWith('@s.whatsapp.net')) return 463;
  const needsToken = [jidOf(person, 'pn'), jidOf(person, 'lid')].some((jid) =>
    switches.tokenHolders.has(userOf(jid)),
  );
  if (!needsToken) return undefined;
  const issued = directory.issuedTokens.get(person);
  return issued?.equals(bytesOf(token)) ? undefined : 463;
}

/** True if a direct message names some receivers by number and others by LID, which WhatsApp refuses (rust#636). */
function isMixed(node: Stanza): boolean {
  const { to } = node.attrs;
  if (!to?.endsWith('@lid') && !to?.endsWith('@s.whatsapp.net')) return false;
  const copies = childrenOf(childOf(node, 'participants'), 'to');
  return copies.some(({ attrs }) => addressingOf(attrs.jid) !== addressingOf(to));
}
