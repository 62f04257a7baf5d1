import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import type { MediaFile } from '../simulator/media/media-message.ts';
import type { Person } from '../simulator/phones/person.ts';
import { lastOfBot, optionsOf, personOf, placeOf, type Role } from './demo-people.ts';
import type { DemoSetup } from './demo-setup.ts';
import { answered, wrote } from './demo-waits.ts';
import type { Order } from './prompt-orders.ts';

/** What a person does with a phone. */
export type PhoneOrder = Extract<
  Order,
  { do: 'write' | 'photo' | 'voice' | 'vote' | 'react' | 'edit' | 'join' | 'leave' }
>;

export interface PhoneActionsParts {
  readonly setup: DemoSetup;
  /** A person types and sees what comes; a pipe waits for it, so that its next order finds it done. */
  readonly isInteractive: boolean;
  /** Shows what a person did. */
  said(role: Role, text: string): void;
  /** Says what is missing. */
  explain(text: string): void;
}

const ANSWER_WITHIN_MS = 5_000;
/** What is no command may have no answer. */
const REACTION_WITHIN_MS = 1_000;

/** The beginning of an Ogg Opus file, which is all that anybody looks at here. */
const VOICE = Buffer.concat([
  Buffer.from('OggS'),
  Buffer.alloc(24),
  Buffer.from('OpusHead'),
  Buffer.alloc(64),
]);

/** Does what is ordered with the phone of a person. */
export class PhoneActions {
  readonly #parts: PhoneActionsParts;

  constructor(parts: PhoneActionsParts) {
    this.#parts = parts;
  }

  async perform(order: PhoneOrder, role: Role): Promise<void> {
    const { setup, explain } = this.#parts;
    const { phone, group } = role;
    if ('name' in order) return this.#move(order.do, order.name, role);
    if (group !== undefined && !group.has(phone))
      return explain(`${role.who} is not in ${group.subject}. /join ${role.who} changes that.`);
    if (order.do === 'write') return this.#write(order.text, role);
    const person = personOf(role);
    if (person === undefined) return explain('Only Anna and Ben can do that. The phone of the owner writes.');
    switch (order.do) {
      case 'photo':
        return this.#sendPhoto(order.path, order.caption, person, role);
      case 'voice':
        return this.#act(role, `(a voice note of ${order.seconds} s)`, () =>
          setup.sendFile({ ...role, phone: person }, voiceNote(order.seconds)),
        );
      case 'vote':
        return this.#vote(order.text, person, role);
      case 'react':
        return this.#react(order.emoji, person, role);
      case 'edit':
        return this.#edit(order.text, person, role);
      default:
        return order satisfies never;
    }
  }

  async #write(text: string, role: Role): Promise<void> {
    const { setup, isInteractive, said } = this.#parts;
    // On a terminal it stands there already, as it was typed.
    if (!isInteractive) said(role, text);
    const came = wrote(setup, placeOf(role), text.startsWith('!') ? ANSWER_WITHIN_MS : REACTION_WITHIN_MS);
    const id = await setup.write(role, text);
    await this.#waitIfPiped(text.startsWith('!') ? answered(setup, ANSWER_WITHIN_MS, [id]) : came, came);
  }

  async #sendPhoto(path: string, caption: string, phone: Person, role: Role): Promise<void> {
    let data: Buffer;
    try {
      data = await readFile(path);
    } catch (error) {
      return this.#parts.explain(`That file cannot be read: ${messageOf(error)}`);
    }
    const mimetype = /\.png$/i.test(path) ? 'image/png' : 'image/jpeg';
    const photo = { type: 'image', data, mimetype, ...(caption === '' ? {} : { caption }) } as const;
    await this.#act(role, `(a picture) ${caption}`.trim(), () =>
      this.#parts.setup.sendFile({ ...role, phone }, photo),
    );
  }

  async #vote(text: string, person: Person, role: Role): Promise<void> {
    const { explain } = this.#parts;
    const poll = lastOfBot(role, (message) => optionsOf(message) !== undefined);
    const options = poll && optionsOf(poll);
    if (poll === undefined || options === undefined)
      return explain('There is no poll of the bot here. Try !poll Lunch? | pizza | soup');
    const chosen = chosenOptions(text, options);
    if (chosen === undefined) return explain(`The poll has the options: ${options.join(', ')}.`);
    const shown = chosen.length === 0 ? '(takes the vote back)' : `(a vote) ${chosen.join(', ')}`;
    await this.#act(role, shown, () => person.vote(poll.id, chosen));
  }

  async #react(emoji: string, person: Person, role: Role): Promise<void> {
    const target = lastOfBot(role);
    if (target === undefined) return this.#parts.explain('The bot has written nothing here yet. Try !ping');
    const shown = emoji === '' ? '(takes the reaction back)' : `(a reaction) ${emoji}`;
    await this.#act(role, shown, () => person.react(target.id, emoji));
  }

  async #edit(text: string, person: Person, role: Role): Promise<void> {
    const { setup, explain } = this.#parts;
    const last = setup.lastWritten(role);
    if (last === undefined) return explain(`${role.who} has written nothing here yet.`);
    await this.#act(role, `(an edit) ${text}`, () => person.edit(last, text));
  }

  /** A person goes into the group or out of it. */
  async #move(way: 'join' | 'leave', name: string | undefined, role: Role): Promise<void> {
    const { setup, explain } = this.#parts;
    const { cast } = setup;
    const who = name === undefined ? role : cast.find([name], role);
    const person = who && personOf(who);
    if (who === undefined || person === undefined) return explain('Only Anna and Ben join and leave.');
    const { family } = cast;
    if (family.has(person) === (way === 'join'))
      return explain(`${who.who} is ${way === 'join' ? 'in' : 'not in'} ${family.subject} already.`);
    const shown = way === 'join' ? '(joins the group)' : '(leaves the group)';
    await this.#act({ ...who, group: family }, shown, async () => family[way](person));
  }

  async #act(role: Role, shown: string, act: () => Promise<unknown>): Promise<void> {
    const { setup, said } = this.#parts;
    said(role, shown);
    const came = wrote(setup, placeOf(role), REACTION_WITHIN_MS);
    await act();
    await this.#waitIfPiped(came, came);
  }

  /** `unawaited` must not reject. */
  async #waitIfPiped(...first: readonly Promise<unknown>[]): Promise<void> {
    const { setup, isInteractive, explain } = this.#parts;
    if (!setup.bot.isRunning) return explain('(The bot is not running: WhatsApp keeps it.)');
    if (!isInteractive) await Promise.race(first);
  }
}

function voiceNote(seconds: number): MediaFile {
  return { type: 'audio', data: VOICE, mimetype: 'audio/ogg; codecs=opus', form: 'voice', seconds };
}

/**
 * The options of a poll that a text names: by their words in any case, or by their numbers from 1 up, with commas
 * between several. An empty text is no option. Undefined if one is not there.
 */
export function chosenOptions(text: string, options: readonly string[]): readonly string[] | undefined {
  const find = (part: string): string | undefined => {
    const said = part.trim().toLowerCase();
    const named = options.find((option) => option.trim().toLowerCase() === said);
    return named ?? (/^\d{1,2}$/.test(said) ? options[Number(said) - 1] : undefined);
  };
  if (text.trim() === '') return [];
  // An option may have a comma in it.
  const whole = find(text);
  if (whole !== undefined) return [whole];
  const chosen = text.split(',').map(find);
  return chosen.every((option) => option !== undefined) ? [...new Set(chosen)] : undefined;
}
