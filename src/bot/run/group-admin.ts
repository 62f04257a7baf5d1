import type { Addresses } from '../../core/addresses.ts';
import { isAppError } from '../../core/errors.ts';
import type { GroupChange, GroupFacts, MemberChange } from '../../core/messages/group-facts.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { BotSettings } from '../bot-settings.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import type { HandlerRun } from './handler-run.ts';

const MAX_NAME_LENGTH = 100;
const MAX_DESCRIPTION_LENGTH = 2_048;

/** Somebody in a group, or who is to join it. */
export type Who = { readonly jid: string };

/**
 * What the bot does as an admin of the group. Each method throws a `Refusal` outside of groups, if the bot is no admin,
 * and if WhatsApp refuses the change. People may be named by either of their addresses. Each first checks whether its
 * work is done already, so that it is safe to run again.
 */
export interface GroupAdmin {
  /** Adds people. */
  add(...people: Who[]): Promise<void>;
  /** Removes people. */
  remove(...people: Who[]): Promise<void>;
  /** Makes people admins. */
  promote(...people: Who[]): Promise<void>;
  /** Takes the admin role from people. */
  demote(...people: Who[]): Promise<void>;
  /** Gives the group a name of 1 to 100 characters. */
  rename(subject: string): Promise<void>;
  /** Gives the group a description of at most 2,048 characters; an empty text removes it. */
  describe(description: string): Promise<void>;
  /** The invite link of the group. */
  inviteLink(): Promise<string>;
  /** Whether only admins may write. */
  announcements(isOn: boolean): Promise<void>;
}

export interface GroupAdminParts {
  readonly messenger: Messenger;
  readonly settings: Pick<BotSettings, 'ownIds'>;
  readonly addresses: Pick<Addresses, 'chatKeyOf'>;
}

export function groupAdmin(
  { messenger, settings, addresses }: GroupAdminParts,
  chat: string,
  isGroup: boolean,
  run: HandlerRun,
): GroupAdmin {
  const personOf = (jid: string): string => addresses.chatKeyOf(jid);
  /** The person is told what WhatsApp refuses; the log has WhatsApp's code. */
  const ask = <T>(change: Promise<T>): Promise<T> =>
    run.track(
      change.catch((error: unknown) => {
        if (!isAppError(error, 'SEND_REFUSED')) throw error;
        throw new Refusal(phrases.groupRefused, { cause: error });
      }),
    );
  const facts = async (): Promise<GroupFacts> => {
    run.check();
    if (!isGroup) throw new Refusal(phrases.groupsOnly);
    const group = await messenger.group(chat);
    const own = settings.ownIds();
    if (!group.members.some(({ id, isAdmin }) => isAdmin && own.includes(id)))
      throw new Refusal(phrases.botNoAdmin);
    return group;
  };
  const change = async (kind: MemberChange, jids: readonly string[]): Promise<void> => {
    if (messenger.changeMembers === undefined) throw new Error('this messenger cannot change groups');
    if (jids.length > 0) await ask(messenger.changeMembers(chat, kind, jids));
  };
  const set = async (changes: GroupChange): Promise<void> => {
    if (messenger.changeGroup === undefined) throw new Error('this messenger cannot change groups');
    await ask(messenger.changeGroup(chat, changes));
  };
  const members = async (people: readonly Who[], isWanted: (member: Member | undefined) => boolean) => {
    const group = await facts();
    // The group may know a person by their other address.
    const found = people.map(({ jid }) => ({
      jid,
      member: group.members.find((one) => one.jid === jid || personOf(one.jid) === personOf(jid)),
    }));
    return found.filter(({ member }) => isWanted(member)).map(({ jid, member }) => member?.jid ?? jid);
  };
  return {
    add: async (...people) => change('add', await members(people, (member) => member === undefined)),
    remove: async (...people) => change('remove', await members(people, (member) => member !== undefined)),
    promote: async (...people) =>
      change('promote', await members(people, (member) => member?.isAdmin === false)),
    demote: async (...people) =>
      change('demote', await members(people, (member) => member?.isAdmin === true)),
    rename: async (subject) => {
      if (subject.trim() === '' || subject.length > MAX_NAME_LENGTH)
        throw new Refusal(phrases.badGroupName(MAX_NAME_LENGTH));
      if ((await facts()).subject !== subject) await set({ subject });
    },
    describe: async (description) => {
      if (description.length > MAX_DESCRIPTION_LENGTH)
        throw new Refusal(phrases.descriptionTooLong(MAX_DESCRIPTION_LENGTH));
      if (((await facts()).description ?? '') !== description) await set({ description });
    },
    announcements: async (isOn) => {
      if ((await facts()).isForAdminsOnly !== isOn) await set({ isForAdminsOnly: isOn });
    },
    inviteLink: async () => {
      await facts();
      if (messenger.inviteLink === undefined) throw new Error('this messenger knows no invite links');
      return ask(messenger.inviteLink(chat));
    },
  };
}

type Member = GroupFacts['members'][number];
