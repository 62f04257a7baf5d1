import { nearestWord } from '../core/nearest-word.ts';

/** What a line at the prompt wants. */
export type Order =
  | { readonly do: 'nothing' }
  | { readonly do: 'write'; readonly text: string }
  | { readonly do: 'be'; readonly names: readonly string[] }
  | { readonly do: 'burst'; readonly count: number }
  | { readonly do: 'photo'; readonly path: string; readonly caption: string }
  | { readonly do: 'voice'; readonly seconds: number }
  /** The options as they were typed; an empty text takes the vote back. */
  | { readonly do: 'vote'; readonly text: string }
  /** An empty emoji takes the reaction back. */
  | { readonly do: 'react'; readonly emoji: string }
  | { readonly do: 'edit'; readonly text: string }
  /** Into or out of the group. Without a name, the person whose turn it is. */
  | { readonly do: 'join' | 'leave'; readonly name: string | undefined }
  | { readonly do: 'offline'; readonly seconds: number }
  | { readonly do: 'log'; readonly follow: boolean | undefined }
  | { readonly do: 'kill' | 'restart' | 'logout' | 'forget' | 'help' | 'why' }
  | { readonly do: 'quit' }
  | { readonly do: 'explain'; readonly text: string };

/** One order of the prompt: how it is written, what it does, and how its words are read. */
export interface OrderRow {
  /** Its names, without the slash. The first one is shown. */
  readonly names: readonly [string, ...string[]];
  /** An example of the words behind the name; empty if there are none. */
  readonly words: string;
  readonly meaning: string;
  /** `words` are those behind the name, `text` is all of them with their spaces. */
  read(words: readonly string[], text: string): Order;
}

/** The most that `/burst` sends at once. */
const MOST_AT_ONCE = 1_000;
const LONGEST_SECONDS = 3_600;
/** One emoji with its marks; a family of four has 11 units. */
const LONGEST_EMOJI = 16;

/** Every order that begins with a slash, as the help lists them. */
const ORDERS: readonly OrderRow[] = [
  {
    names: ['as'],
    words: 'NAME',
    meaning:
      'who writes: Anna, Ben (whose number is hidden), Owner (your own phone); /as Family writes in a group, /as Ben Family as another one in it',
    read: (names) =>
      names.length > 0 ? { do: 'be', names } : explain('Who? /as Anna, /as Ben, /as Family …'),
  },
  {
    names: ['vote'],
    words: 'small',
    meaning:
      "votes in the bot's last poll: an option or its number, several with commas; /vote alone takes it back",
    read: (_, text) => ({ do: 'vote', text }),
  },
  {
    names: ['react'],
    words: '👍',
    meaning: "reacts to the bot's last message; /react alone takes it back",
    read: (_, emoji) =>
      emoji.length <= LONGEST_EMOJI && !/[\p{L}\s]/u.test(emoji)
        ? { do: 'react', emoji }
        : explain('With which emoji? /react 👍; /react alone takes it back.'),
  },
  {
    names: ['edit'],
    words: '!help',
    meaning: 'changes the last message of this person here',
    read: (_, text) => (text === '' ? explain('Into what? /edit !help') : { do: 'edit', text }),
  },
  {
    names: ['join'],
    words: 'Ben',
    meaning: 'a person joins the group Family; without a name, the one who writes',
    read: ([name]) => ({ do: 'join', name }),
  },
  {
    names: ['leave'],
    words: 'Ben',
    meaning: 'a person leaves the group Family',
    read: ([name]) => ({ do: 'leave', name }),
  },
  {
    names: ['voice'],
    words: '7',
    meaning: 'sends a voice note of 7 seconds',
    read: ([text = '3']) =>
      withNumber(text, 1, LONGEST_SECONDS, (seconds) => ({ do: 'voice', seconds })) ??
      explain(`How many seconds? /voice 7; at most ${LONGEST_SECONDS}.`),
  },
  {
    names: ['photo'],
    words: 'FILE',
    meaning: 'sends a picture; words after it are its caption: !sticker',
    read: ([path, ...caption]) =>
      path === undefined
        ? explain('Which file? /photo cat.jpg !sticker')
        : { do: 'photo', path, caption: caption.join(' ') },
  },
  {
    names: ['burst'],
    words: '100',
    meaning: 'sends 100 !ping at once',
    read: ([text = '100']) =>
      withNumber(text, 1, MOST_AT_ONCE, (count) => ({ do: 'burst', count })) ??
      explain(`How many? /burst 100; at most ${MOST_AT_ONCE}.`),
  },
  {
    names: ['why'],
    words: '',
    meaning: 'what became of the last message: why the bot did not answer it, for example',
    read: () => ({ do: 'why' }),
  },
  { names: ['kill'], words: '', meaning: 'kill -9', read: () => ({ do: 'kill' }) },
  {
    names: ['restart', 'start'],
    words: '',
    meaning: 'ends the bot as Ctrl+C does, if it runs, and starts it again',
    read: () => ({ do: 'restart' }),
  },
  {
    names: ['offline'],
    words: '30',
    meaning: 'takes the network away for 30 seconds; /offline 0 ends it',
    read: ([text = '30']) =>
      withNumber(text, 0, LONGEST_SECONDS, (seconds) => ({ do: 'offline', seconds })) ??
      explain('For how many seconds? /offline 30; /offline 0 ends it.'),
  },
  {
    names: ['logout'],
    words: '',
    meaning: "removes the bot from the phone's linked devices",
    read: () => ({ do: 'logout' }),
  },
  {
    names: ['rm'],
    words: '',
    meaning: 'rm -rf ./sessions: what the bot asks for after a logout',
    read: () => ({ do: 'forget' }),
  },
  {
    names: ['log'],
    words: '',
    meaning: "the bot's last lines; /log on and /log off",
    read: ([text]) => {
      if (text === undefined) return { do: 'log', follow: undefined };
      if (text === 'on' || text === 'off') return { do: 'log', follow: text === 'on' };
      return explain('/log shows the last lines, /log on follows them, /log off stops that.');
    },
  },
  { names: ['help', '?'], words: '', meaning: 'this list', read: () => ({ do: 'help' }) },
  {
    names: ['quit', 'exit', 'q'],
    words: '',
    meaning: 'ends the bot, the simulator and this; so does Ctrl+C',
    read: () => ({ do: 'quit' }),
  },
];

/** Undefined if the text is no whole number between `min` and `max`. */
function withNumber(
  text: string,
  min: number,
  max: number,
  order: (number: number) => Order,
): Order | undefined {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? order(number) : undefined;
}

function explain(text: string): Order {
  return { do: 'explain', text };
}

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
