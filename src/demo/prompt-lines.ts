/** What a line at the prompt wants. */
export type Order =
  | { readonly do: 'nothing' }
  | { readonly do: 'write'; readonly text: string }
  | { readonly do: 'be'; readonly names: readonly string[] }
  | { readonly do: 'burst'; readonly count: number }
  | { readonly do: 'photo'; readonly path: string; readonly caption: string }
  | { readonly do: 'offline'; readonly seconds: number }
  | { readonly do: 'log'; readonly follow: boolean | undefined }
  | { readonly do: 'kill' | 'restart' | 'logout' | 'forget' | 'help' }
  | { readonly do: 'quit' }
  | { readonly do: 'explain'; readonly text: string };

/** The most that `/burst` sends at once. */
const MOST_AT_ONCE = 1_000;
const LONGEST_OFFLINE_SECONDS = 3_600;

const SIMPLE = new Map<string, 'kill' | 'restart' | 'logout' | 'forget' | 'help' | 'quit'>([
  ['kill', 'kill'],
  ['restart', 'restart'],
  ['start', 'restart'],
  ['logout', 'logout'],
  ['rm', 'forget'],
  ['help', 'help'],
  ['?', 'help'],
  ['quit', 'quit'],
  ['exit', 'quit'],
  ['q', 'quit'],
]);

/** Lines that begin with a slash are for the demo, all others for the bot. */
export function readOrder(line: string): Order {
  const text = line.trim();
  if (text === '') return { do: 'nothing' };
  if (!text.startsWith('/')) return { do: 'write', text };
  const [word = '', ...args] = text.slice(1).split(/\s+/);
  const name = word.toLowerCase();
  const simple = SIMPLE.get(name);
  if (simple !== undefined) return { do: simple };
  switch (name) {
    case 'as':
      return args.length > 0 ? { do: 'be', names: args } : explain('Who? /as Anna, /as Ben, /as Family …');
    case 'burst':
      return readBurst(args[0] ?? '100');
    case 'offline':
      return readOffline(args[0] ?? '30');
    case 'photo':
      return readPhoto(args);
    case 'log':
      return readLog(args[0]);
    default:
      return explain(`There is no /${name}. /help lists what there is.`);
  }
}

function readBurst(text: string): Order {
  const count = wholeNumber(text);
  return count !== undefined && count >= 1 && count <= MOST_AT_ONCE
    ? { do: 'burst', count }
    : explain(`How many? /burst 100; at most ${MOST_AT_ONCE}.`);
}

function readOffline(text: string): Order {
  const seconds = wholeNumber(text);
  return seconds !== undefined && seconds <= LONGEST_OFFLINE_SECONDS
    ? { do: 'offline', seconds }
    : explain('For how many seconds? /offline 30; /offline 0 ends it.');
}

function readPhoto([path, ...caption]: readonly string[]): Order {
  return path === undefined
    ? explain('Which file? /photo cat.jpg !sticker')
    : { do: 'photo', path, caption: caption.join(' ') };
}

function readLog(text: string | undefined): Order {
  if (text === undefined) return { do: 'log', follow: undefined };
  if (text === 'on' || text === 'off') return { do: 'log', follow: text === 'on' };
  return explain('/log shows the last lines, /log on follows them, /log off stops that.');
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function explain(text: string): Order {
  return { do: 'explain', text };
}

/** What there is to try, a line each: the order and what it does. */
export const HELP: ReadonlyArray<readonly [order: string, meaning: string]> = [
  ['!ping', 'any text goes to the bot; try !help, or !remind 5s tea'],
  ['/as NAME', 'who writes: Anna, Ben (whose number is hidden), Owner (your own phone)'],
  ['/as Family', 'in a group; /as Ben Family for another one in it'],
  ['/burst 100', 'so many !ping at once'],
  ['/photo FILE', 'sends a picture; words after it are its caption: !sticker'],
  ['/kill', 'kill -9'],
  ['/restart', 'ends the bot as Ctrl+C does, if it runs, and starts it again'],
  ['/offline 30', 'so many seconds without a network; /offline 0 ends it'],
  ['/logout', "removes the bot from the phone's linked devices"],
  ['/rm', 'rm -rf ./sessions: what the bot asks for after a logout'],
  ['/log', "the bot's last lines; /log on and /log off"],
  ['/quit', 'ends the bot, the simulator and this; so does Ctrl+C'],
];

/** What the tab key offers. */
export function complete(line: string): [string[], string] {
  const names = ['Anna', 'Ben', 'Owner', 'Family'].map((name) => `/as ${name}`);
  const offers = [
    ...names,
    ...[...SIMPLE.keys()].map((name) => `/${name}`),
    '/burst 100',
    '/offline 30',
    '/log',
    '/photo ',
  ];
  return [offers.filter((offer) => offer.length > 3 && offer.startsWith(line)), line];
}
