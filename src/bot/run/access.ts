import { assertNever } from '../../core/errors.ts';
import type { GroupFacts } from '../../core/messages/group-facts.ts';
import type { Person } from '../../core/messages/incoming-message.ts';

/**
 * Who may use a command. `everyone`: any person. `members`: any person, in groups only. `admins`: the admins of the
 * group, and owners. `owners`: the owners of the bot.
 */
export type Access = 'everyone' | 'members' | 'admins' | 'owners';

export interface Owners {
  /** Phone numbers, digits only. */
  readonly numbers: ReadonlySet<string>;
  /** Person ids of the linked account: its number, and its LID. */
  readonly ownIds: readonly string[];
}

export interface AccessFacts {
  readonly isGroup: boolean;
  readonly isAdmin: boolean;
  readonly isOwner: boolean;
}

export type AccessDecision = 'allowed' | 'groups-only' | 'admins-only' | 'owners-only';

/** An owner may do what an admin may. A command that needs a group refuses owners outside of groups too. */
export function decideAccess(access: Access, facts: AccessFacts): AccessDecision {
  switch (access) {
    case 'everyone':
      return 'allowed';
    case 'members':
      return facts.isGroup ? 'allowed' : 'groups-only';
    case 'admins':
      if (!facts.isGroup) return 'groups-only';
      return facts.isAdmin || facts.isOwner ? 'allowed' : 'admins-only';
    case 'owners':
      return facts.isOwner ? 'allowed' : 'owners-only';
    default:
      return assertNever(access);
  }
}

/** Whether a person is an owner: by number, or as the linked account itself under either kind of address. */
export function isOwner(person: Person, isFromMe: boolean, owners: Owners): boolean {
  if (isFromMe) return true;
  if (person.number !== undefined && owners.numbers.has(person.number)) return true;
  return owners.ownIds.includes(person.id);
}

/** Whether the group names this person as an admin, under either kind of address. */
export function isAdmin(person: Person, group: GroupFacts): boolean {
  return group.members.some(
    (member) => member.isAdmin && (member.id === person.id || member.jid === person.jid),
  );
}
