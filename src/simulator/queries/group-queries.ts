import type { Contact } from '../phones/contact-address.ts';
import type { Group, GroupSetting } from '../phones/group.ts';
import { childOf, childrenOf, errorOf, resultOf, type Stanza, stanza, textOf } from '../wire/stanza.ts';
import type { QueryContext } from './query-context.ts';

/** What each settings tag switches. */
const SETTINGS: Readonly<Record<string, readonly [GroupSetting, boolean]>> = {
  announcement: ['announcement', true],
  not_announcement: ['announcement', false],
  locked: ['locked', true],
  unlocked: ['locked', false],
};

/** The changes that WhatsApp takes from admins only. */
const FOR_ADMINS = new Set(['add', 'remove', 'promote', 'demote', 'invite', ...Object.keys(SETTINGS)]);

/** Namespace `w:g2`: metadata of groups, and what members and admins change. */
export function answerGroups(query: Stanza, context: QueryContext): Stanza {
  const { to = '' } = query.attrs;
  if (!to.endsWith('@g.us') || to === '@g.us') return answerForAll(query, context);
  const group = context.directory.groups.get(to);
  if (!group || group.goneCode === 404) return errorOf(query, 404, 'item-not-found');
  if (group.goneCode === 403) return errorOf(query, 403, 'forbidden');
  const [change] = childrenOf(query);
  if (!change) return errorOf(query, 400, 'bad-request');
  if (change.tag === 'query') return resultOf(query, [group.metadata()]);
  const owner = context.directory.phone;
  const isForAdmins =
    FOR_ADMINS.has(change.tag) ||
    (group.settings.has('locked') && ['subject', 'description'].includes(change.tag));
  if (isForAdmins && !group.isAdmin(owner)) return errorOf(query, 403, 'forbidden');
  return resultOf(query, applied(query, change, group, owner, context));
}

/** Queries that are not for one group: all groups, a new one, leaving, invite links. */
function answerForAll(query: Stanza, context: QueryContext): Stanza {
  const { groups, people } = context.directory;
  if (childOf(query, 'participating')) {
    const present = [...groups.values()].filter(({ goneCode }) => goneCode === undefined);
    return resultOf(query, [
      stanza(
        'groups',
        {},
        present.map((group) => group.metadata()),
      ),
    ]);
  }
  const create = childOf(query, 'create');
  if (create) {
    const jids = childrenOf(create, 'participant').map(({ attrs }) => context.directory.personOf(attrs.jid));
    const group = context.createGroup(
      create.attrs.subject ?? '',
      people.filter((person) => jids.includes(person)),
    );
    return resultOf(query, [group.metadata()]);
  }
  const left = childrenOf(childOf(query, 'leave'), 'group');
  if (left.length > 0) {
    for (const { attrs } of left) groups.get(attrs.id ?? '')?.removeAccount();
    return resultOf(query, [stanza('leave', {}, left)]);
  }
  const code = childOf(query, 'invite')?.attrs.code;
  const invited = [...groups.values()].find((group) => group.inviteCode === code);
  if (!invited) return errorOf(query, 406, 'not-acceptable');
  if (query.attrs.type === 'get') return resultOf(query, [invited.metadata()]);
  invited.goneCode = undefined;
  return resultOf(query, [stanza('group', { jid: invited.jid })]);
}

/** Makes a change and returns the content of the answer. */
function applied(
  query: Stanza,
  change: Stanza,
  group: Group,
  owner: Contact,
  context: QueryContext,
): Stanza[] | undefined {
  const setting = SETTINGS[change.tag];
  if (setting) {
    group.set(owner, ...setting);
    return undefined;
  }
  switch (change.tag) {
    case 'add':
    case 'remove':
    case 'promote':
    case 'demote':
      return [changePeople(change.tag, change, group, owner, context)];
    case 'subject':
      group.setSubject(owner, textOf(change));
      return undefined;
    case 'description': {
      const body = childOf(change, 'body');
      group.setDescription(owner, body && textOf(body));
      return undefined;
    }
    case 'invite':
      if (query.attrs.type === 'set') group.renewInvite(owner);
      return [stanza('invite', { code: group.inviteCode })];
    default:
      return undefined;
  }
}

/** Each participant of the answer has an `error` if the change could not be made. */
function changePeople(
  kind: 'add' | 'remove' | 'promote' | 'demote',
  change: Stanza,
  group: Group,
  owner: Contact,
  { directory }: QueryContext,
): Stanza {
  const results = childrenOf(change, 'participant').map(({ attrs: { jid } }) => {
    const person = directory.personOf(jid);
    if (!person || directory.stateOf(person) === 'absent')
      return stanza('participant', { jid, error: '404' });
    if (kind === 'add' ? group.has(person) : !group.has(person)) {
      return stanza('participant', { jid, error: kind === 'add' ? '409' : '404' });
    }
    group[kind](owner, person);
    return stanza('participant', { jid });
  });
  return stanza(kind, {}, results);
}
