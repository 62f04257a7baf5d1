import type { Group } from '../simulator/phones/group.ts';
import { unwrapped } from '../simulator/phones/message-bytes.ts';
import type { OwnerPhone } from '../simulator/phones/owner-phone.ts';
import { Person } from '../simulator/phones/person.ts';
import type { ReceivedMessage } from '../simulator/phones/received-messages.ts';
import type { SimulatedWhatsApp } from '../simulator/server/simulated-whatsapp.ts';

/** Who writes at the moment, and where: to the bot itself, or in the group. */
export interface Role {
  readonly who: string;
  readonly phone: Person | OwnerPhone;
  readonly group: Group | undefined;
}

/** The people of the demo. */
export class Cast {
  readonly anna: Person;
  readonly ben: Person;
  readonly owner: OwnerPhone;
  readonly family: Group;

  constructor(simulator: SimulatedWhatsApp) {
    this.anna = simulator.addPerson({ name: 'Anna', number: '15550102030' });
    this.ben = simulator.addPerson({ name: 'Ben', number: '15550104050', addressing: 'lid' });
    this.owner = simulator.phone;
    this.family = simulator.addGroup({ subject: 'Family', people: [this.anna, this.ben] });
  }

  get phones(): ReadonlyArray<Person | OwnerPhone> {
    return [this.anna, this.ben, this.owner];
  }

  /**
   * The role that some names describe, in any order: a person is a direct chat, the group alone keeps the person.
   * Undefined if a name is unknown.
   */
  find(names: readonly string[], before: Role): Role | undefined {
    let role: Role = { ...before, group: undefined };
    for (const name of names.map((one) => one.toLowerCase())) {
      if (name === 'in' || name === 'to') continue;
      const phone = this.phones.find((one) => one.name.toLowerCase() === name);
      if (phone !== undefined) role = { ...role, who: phone.name, phone };
      else if (name === this.family.subject.toLowerCase()) role = { ...role, group: this.family };
      else return undefined;
    }
    return role;
  }

  named(who: string): Role {
    const phone = this.phones.find((one) => one.name === who) ?? this.anna;
    return { who: phone.name, phone, group: undefined };
  }
}

/** `Anna`, `Anna in Family`. */
export function roleName({ who, group }: Role): string {
  return group === undefined ? who : `${who} in ${group.subject}`;
}

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

/** A message as one line of text: what it says, what it is, or what it does to an earlier one. */
export function contentLine({ message, text, act }: ReceivedMessage): string {
  if (act?.kind === 'edit') return `(an edit) ${act.text ?? ''}`;
  if (act?.kind === 'deletion') return '(deletes a message)';
  if (act?.kind === 'reaction')
    return act.emoji === '' ? '(takes a reaction back)' : `(a reaction) ${act.emoji}`;
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV3;
  if (poll) return `(a poll) ${poll.name}: ${(poll.options ?? []).map((one) => one.optionName).join(' | ')}`;
  const inner = unwrapped(message);
  if (inner.audioMessage?.ptt) return `(a voice note of ${inner.audioMessage.seconds ?? 0} s)`;
  if (inner.albumMessage) return '(an album)';
  const kind = KINDS.find(([name]) => inner[name])?.[1];
  if (kind === undefined) return text ?? '(a message without text)';
  return text === undefined ? `(${kind})` : `(${kind}) ${text}`;
}

const KINDS = [
  ['imageMessage', 'a picture'],
  ['videoMessage', 'a video'],
  ['ptvMessage', 'a video note'],
  ['audioMessage', 'a sound'],
  ['stickerMessage', 'a sticker'],
  ['documentMessage', 'a file'],
  ['documentWithCaptionMessage', 'a file'],
  ['contactMessage', 'a contact'],
  ['contactsArrayMessage', 'contacts'],
  ['locationMessage', 'a place'],
] as const;
