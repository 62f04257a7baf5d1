import type { Group } from '../simulator/phones/group.ts';
import { Person } from '../simulator/phones/person.ts';
import type { ReceivedMessage } from '../simulator/phones/received-messages.ts';
import type { Role } from './cast.ts';

/** Where a role writes: in the group, or in the direct chat with the bot, under the person's name. */
export const placeOf = ({ who, group }: Role): string => group?.subject ?? who;

/** The last message of the bot in a chat that fits; edits and reactions are no messages of their own. */
export function lastOfBot(
  { phone, group }: Role,
  fits: (message: ReceivedMessage) => boolean = () => true,
): ReceivedMessage | undefined {
  return phone.inbox.findLast(
    (message) => message.act === undefined && isIn(message, group) && fits(message),
  );
}

function isIn({ chat }: ReceivedMessage, group: Group | undefined): boolean {
  return group === undefined ? !chat.endsWith('@g.us') : chat === group.jid;
}

/** The options of a poll; undefined if it is none. */
export function optionsOf({ message }: ReceivedMessage): readonly string[] | undefined {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV3;
  return poll?.options?.map(({ optionName }) => optionName ?? '');
}

/** Anna and Ben can do more than the owner's phone, which the simulator lets write only. */
export function personOf({ phone }: Role): Person | undefined {
  return phone instanceof Person ? phone : undefined;
}
