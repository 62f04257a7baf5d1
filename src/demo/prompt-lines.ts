import { nearestWord } from '../core/nearest.ts';
import { ORDERS, type Order } from './prompt-orders.ts';

/** Lines that begin with a slash are for the demo, all others for the bot. */
export function readOrder(line: string): Order {
  const text = line.trim();
  if (text === '') return { do: 'nothing' };
  if (!text.startsWith('/')) return { do: 'write', text };
  const [word = ''] = text.split(/\s/, 1);
  const name = word.slice(1).toLowerCase();
  const order = ORDERS.find(({ names }) => names.includes(name));
  if (order === undefined) return { do: 'explain', text: unknownOrder(name) };
  const rest = text.slice(word.length).trim();
  return order.read(rest === '' ? [] : rest.split(/\s+/), rest);
}

/** `There is no /vte. Did you mean /vote?` */
function unknownOrder(name: string): string {
  const meant = nearestWord(
    name,
    ORDERS.flatMap(({ names }) => names),
  );
  return `There is no /${name}. ${meant === undefined ? '/help lists what there is.' : `Did you mean /${meant}?`}`;
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

/** What there is to try, a line each: the order and what it does. */
export const HELP: ReadonlyArray<readonly [order: string, meaning: string]> = [
  ['!ping', 'any text goes to the bot; try !help, or !remind 5s tea'],
  ...ORDERS.map(({ names, words, meaning }) => [`/${names[0]} ${words}`.trim(), meaning] as const),
];

/** What the tab key offers. */
export function complete(line: string): [string[], string] {
  const names = ['Anna', 'Ben', 'Owner', 'Family'].map((name) => `/as ${name}`);
  const orders = ORDERS.filter(({ names: [name] }) => name !== 'as').map(({ names: [name], words }) =>
    // A word in capitals stands for another one.
    words === '' ? `/${name}` : /^[A-Z]+$/.test(words) ? `/${name} ` : `/${name} ${words}`,
  );
  return [[...names, ...orders].filter((offer) => offer.startsWith(line)), line];
}
