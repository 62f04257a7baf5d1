import { type BinaryNode, toNumber } from '@whiskeysockets/baileys';
import { EMPTY_MESSAGE } from '../../core/messages/empty-message.ts';
import type { IncomingEvent, IncomingMessage, Person } from '../../core/messages/incoming-message.ts';
import { chatKind, numberAmong, personId, withoutDevice } from '../address.ts';
import { childOf, childrenOf } from '../stanza.ts';
import type { EnvelopeFacts } from './parse-message.ts';

/** More people than one stanza names. */
const MAX_PEOPLE = 1_024;

/**
 * What a `<notification type="w:gp2">` tells of a group, or a `<call>` of a caller, in the form of a message without
 * text. Undefined for any other stanza. Sources: `process-message.js` and `messages-recv.js` of Baileys
 * 7.0.0-rc14.
 */
export function readEventStanza(node: BinaryNode, facts: EnvelopeFacts): IncomingMessage | undefined {
  const { attrs, tag } = node;
  const [child] = childrenOf(node);
  const chat = attrs.from;
  if (!chat || !attrs.id || !child) return undefined;
  const event = tag === 'call' ? callIn(child) : groupEventIn(child, facts);
  if (!event) return undefined;
  const author = tag === 'call' ? chat : (attrs.participant ?? chat);
  const other = tag === 'call' ? child.attrs.caller_pn : (attrs.participant_pn ?? attrs.participant_lid);
  const sender = personOf(author, other, facts, attrs.notify);
  // A call has one id, and comes in several stanzas.
  const id = event.kind === 'call' ? event.callId : attrs.id;
  return {
    ...EMPTY_MESSAGE,
    key: `${event.kind}|${chat}|${id}`,
    id,
    chat,
    chatKind: chatKind(chat),
    sender,
    isFromMe: false,
    sentAtMs: facts.localMs(toNumber(Number(attrs.t ?? 0))),
    event,
  };
}

function callIn(node: BinaryNode): IncomingEvent | undefined {
  const { tag, attrs } = node;
  if (tag !== 'offer' || !attrs['call-id']) return undefined;
  const isVideo = childOf(node, 'video') !== undefined;
  return { kind: 'call', callId: attrs['call-id'], isVideo };
}

const MEMBERSHIP: Readonly<Record<string, 'joined' | 'left' | 'promoted' | 'demoted'>> = {
  add: 'joined',
  remove: 'left',
  leave: 'left',
  promote: 'promoted',
  demote: 'demoted',
};

const SETTINGS: ReadonlySet<string> = new Set([
  'announcement',
  'not_announcement',
  'locked',
  'unlocked',
  'ephemeral',
  'not_ephemeral',
  'member_add_mode',
  'membership_approval_mode',
]);

function groupEventIn(node: BinaryNode, facts: EnvelopeFacts): IncomingEvent | undefined {
  const { tag } = node;
  const kind = MEMBERSHIP[tag];
  if (kind !== undefined) {
    const people = childrenOf(node, 'participant')
      .slice(0, MAX_PEOPLE)
      .map(({ attrs }) => personOf(attrs.jid ?? '', attrs.phone_number ?? attrs.lid, facts, undefined));
    return people.length > 0 ? { kind, people } : undefined;
  }
  if (tag === 'subject') return { kind: 'group-changed', what: 'subject' };
  if (tag === 'description') return { kind: 'group-changed', what: 'description' };
  return SETTINGS.has(tag) ? { kind: 'group-changed', what: 'settings' } : undefined;
}

function personOf(
  jid: string,
  other: string | undefined,
  facts: EnvelopeFacts,
  name: string | undefined,
): Person {
  const address = withoutDevice(jid);
  const number = numberAmong(address, other) ?? facts.numberOf(address);
  return { id: personId(number, address), number, jid: address, name: name?.slice(0, 256) };
}
