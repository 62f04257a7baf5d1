import { type Contact, isSameUser, jidOf } from '../phones/contact-address.ts';
import { childOf, childrenOf, resultOf, SERVER_JID, type Stanza, stanza, textOf } from '../wire/stanza.ts';
import type { QueryContext } from './query-context.ts';

/** Namespace `usync`: who somebody is, which devices they have, whether a number is on WhatsApp. */
export function answerUsync(query: Stanza, context: QueryContext): Stanza {
  const usync = childOf(query, 'usync');
  const protocols = childrenOf(childOf(usync, 'query')).map(({ tag }) => tag);
  const users = childrenOf(childOf(usync, 'list'), 'user');
  const isDeviceLookup = protocols.includes('devices');
  const list = users.map((user) => {
    const contact = contactIn(user, context);
    const { hidesLids, repliesWithLids } = context.switches.queries;
    const jid = user.attrs.jid ?? (contact ? jidOf(contact, 'pn') : `${digitsIn(user)}${SERVER_JID}`);
    const answers = protocols.map((protocol) => {
      switch (protocol) {
        case 'devices':
          return stanza('devices', {}, [stanza('device-list', {}, devicesOf(contact, context))]);
        case 'lid':
          return hidesLids || (isDeviceLookup && !repliesWithLids) ? undefined : lidOf(contact, jid);
        case 'contact':
          return stanza('contact', { type: contact ? 'in' : 'out' }, childOf(user, 'contact')?.content);
        case 'status':
          return stanza('status', { t: '0' }, Buffer.from('Hey there! I am using WhatsApp.'));
        case 'disappearing_mode':
          return stanza('disappearing_mode', { duration: '0', t: '0' });
        default:
          return undefined;
      }
    });
    return stanza(
      'user',
      { jid },
      answers.filter((answer) => answer !== undefined),
    );
  });
  const { sid, mode, context: purpose } = usync?.attrs ?? {};
  const attrs = { sid, mode, context: purpose, index: '0', last: 'true' };
  const result = stanza(
    'result',
    {},
    protocols.map((protocol) => stanza(protocol)),
  );
  return resultOf(query, [stanza('usync', attrs, [result, stanza('list', {}, list)])]);
}

function contactIn(user: Stanza, { directory }: QueryContext): Contact | undefined {
  const { jid } = user.attrs;
  const handset = jid === undefined ? directory.handsetByNumber(digitsIn(user)) : directory.handsetOf(jid);
  return handset && directory.stateOf(handset) !== 'absent' ? handset : undefined;
}

function digitsIn(user: Stanza): string {
  return textOf(childOf(user, 'contact')).replace(/\D/g, '');
}

/** WhatsApp tells the LID only if the query names the phone number. */
function lidOf(contact: Contact | undefined, jid: string): Stanza | undefined {
  if (!contact || !isSameUser(jid, jidOf(contact, 'pn'))) return undefined;
  return stanza('lid', { val: jidOf(contact, 'lid') });
}

function devicesOf(contact: Contact | undefined, { directory }: QueryContext): Stanza[] {
  if (!contact || directory.stateOf(contact) === 'without-devices') return [];
  const phone = stanza('device', { id: '0' });
  if (contact !== directory.phone) return [phone];
  const companions = [...directory.companions.values()].map(({ id }) =>
    stanza('device', { id: String(id), 'key-index': String(id) }),
  );
  return [phone, ...companions];
}
