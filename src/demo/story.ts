import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNever } from '../core/errors.ts';
import { judge, type StoryResult } from './answer-ledger.ts';
import { lastOfBot, optionsOf, personOf } from './demo-people.ts';
import type { DemoSetup } from './demo-setup.ts';
import { answered, DemoProblem, heard, heardFrom, link, soon } from './demo-waits.ts';
import { type Look, paint, type Screen, said, textColumns, title, told, wrap } from './screen.ts';

/** One thing that happens in the story. */
export type Step =
  | { readonly do: 'title'; readonly text: string }
  | { readonly do: 'tell'; readonly text: string }
  /** The bot starts, as a process of its own. */
  | { readonly do: 'start' }
  /** The phone scans what the bot shows; done when the bot is connected. */
  | { readonly do: 'link' }
  | { readonly do: 'ask'; readonly who: string; readonly text: string }
  /** A part of the conversation: nothing quotes it. */
  | { readonly do: 'say'; readonly who: string; readonly text: string }
  | { readonly do: 'vote'; readonly who: string; readonly option: string }
  /** The bot says its next line of the conversation. */
  | { readonly do: 'await'; readonly text: string }
  /** Everything that was asked has its answer. */
  | { readonly do: 'hear' }
  | { readonly do: 'kill' }
  /** The bot is connected again. */
  | { readonly do: 'return' }
  /** Long enough for a second answer to show itself. */
  | { readonly do: 'listen' };

/** How long a reader gets after each step, on a terminal. */
function pauseAfterMs(step: Step): number {
  switch (step.do) {
    case 'tell':
      return 800;
    case 'ask':
    case 'say':
    case 'vote':
    case 'link':
    case 'kill':
      return 500;
    case 'title':
    case 'start':
    case 'await':
    case 'hear':
    case 'return':
    case 'listen':
      return 300;
    default:
      return assertNever(step);
  }
}

export const OPENING = [
  'perennial: the bot that comes back by itself',
  'The real bot, and a simulator in the place of WhatsApp: no phone, no account, no internet.',
] as const;

export const STORY: readonly Step[] = [
  { do: 'title', text: '1. Linked once' },
  { do: 'start' },
  { do: 'link' },
  { do: 'title', text: '2. A friend writes' },
  { do: 'ask', who: 'Anna', text: '!ping' },
  { do: 'hear' },
  { do: 'title', text: '3. The worst happens, in the middle of a conversation' },
  { do: 'say', who: 'Anna', text: '!pizza' },
  { do: 'await', text: 'Which size?' },
  { do: 'kill' },
  { do: 'tell', text: 'It could save nothing and tell nobody. Meanwhile, Anna votes, and writes on:' },
  { do: 'vote', who: 'Anna', option: 'large' },
  { do: 'ask', who: 'Anna', text: '!ping' },
  { do: 'ask', who: 'Anna', text: '!help ping' },
  { do: 'title', text: '4. It comes back' },
  { do: 'start' },
  { do: 'return' },
  { do: 'await', text: 'Where to?' },
  { do: 'hear' },
  { do: 'listen' },
  { do: 'title', text: '5. The conversation goes on where it was' },
  { do: 'say', who: 'Anna', text: 'Elm Street 5' },
  { do: 'await', text: 'a large pizza to Elm Street 5' },
  { do: 'listen' },
  { do: 'title', text: 'What was promised' },
];

/** What the bot must say once in the story, whatever is killed: the lines of its conversation. */
const CONVERSATION: readonly string[] = STORY.flatMap((step) => (step.do === 'await' ? [step.text] : []));

/** How long the QR code stays on the screen before the phone scans it, on a terminal. */
const LOOK_AT_CODE_MS = 1_200;
const VERDICT_MS = 200;
/** A second answer would come within this. */
const LISTEN_MS = 1_000;
const ANSWERS_WITHIN_MS = 10_000;

/**
 * Tells the story: acts each step, and shows it at a pace that can be read. Resolves with whether all promises were
 * kept.
 */
export async function tellStory(setup: DemoSetup, screen: Screen): Promise<boolean> {
  const [name, subtitle] = OPENING;
  screen.print(title(name, screen.look));
  screen.print(told(subtitle, screen.look));
  for (const step of STORY) {
    await act(step, setup, screen);
    await pause(pauseAfterMs(step), setup, screen);
  }
  const verdicts = judge(resultOf(setup));
  for (const { text, isKept } of verdicts) {
    screen.print(promised(text, isKept, screen.look));
    await pause(VERDICT_MS, setup, screen);
  }
  return verdicts.every(({ isKept }) => isKept);
}

async function act(step: Step, setup: DemoSetup, screen: Screen): Promise<void> {
  const { look } = screen;
  switch (step.do) {
    case 'title':
      return screen.print(title(step.text, look));
    case 'tell':
      return screen.print(told(step.text, look));
    case 'start':
      return setup.startBot();
    case 'link':
      await link(setup, () => pause(LOOK_AT_CODE_MS, setup, screen));
      return heard('Linked to ', setup);
    case 'ask':
      // Before it is sent: the answer may be quick.
      screen.print(said(step.who, 'bot', step.text, '', look));
      await setup.write(setup.cast.named(step.who), step.text);
      return;
    case 'say':
      screen.print(said(step.who, 'bot', step.text, '', look));
      await setup.cast.named(step.who).phone.send(step.text);
      return;
    case 'vote':
      return vote(step.who, step.option, setup, screen);
    case 'await':
      await soon(setup, `"${step.text}"`, () => heardFrom(setup, 'Anna', step.text));
      return;
    case 'hear':
      await soon(setup, 'every answer', () => answered(setup, ANSWERS_WITHIN_MS), ANSWERS_WITHIN_MS + 1_000);
      return;
    case 'kill':
      return kill(setup, screen);
    case 'return':
      return comeBack(setup);
    case 'listen':
      return listen(setup);
    default:
      return step satisfies never;
  }
}

async function vote(who: string, option: string, setup: DemoSetup, screen: Screen): Promise<void> {
  const role = setup.cast.named(who);
  const poll = lastOfBot(role, (message) => optionsOf(message)?.includes(option) === true);
  if (poll === undefined)
    throw new DemoProblem(`There is no poll with the option ${option}.`, setup.bot.lastLines);
  screen.print(said(who, 'bot', `(a vote) ${option}`, '', screen.look));
  await personOf(role)?.vote(poll.id, [option]);
}

async function kill(setup: DemoSetup, screen: Screen): Promise<void> {
  const { pid } = setup.bot;
  screen.print([`  ${paint(screen.look, 'red', `$ kill -9 ${pid}`)}`]);
  await setup.bot.kill();
  screen.print(told(`Process ${pid} is gone.`, screen.look));
}

/** Connected, or asking for another QR code, which is what must not happen. */
async function comeBack(setup: DemoSetup): Promise<void> {
  if (setup.isConnected) return;
  const { events } = setup.simulator;
  const isOpen = await soon(setup, 'a connection', (signal) =>
    Promise.race([
      once(events, 'opened', { signal }).then(() => true),
      once(events, 'qr-requested', { signal }).then(() => false),
    ]),
  );
  if (!isOpen) throw new DemoProblem('The bot asks for another QR code.', setup.bot.lastLines);
}

/** Until the bot has said what became of the messages, and long enough for a second answer to show itself. */
async function listen(setup: DemoSetup): Promise<void> {
  const { signal } = setup;
  await Promise.all([sleep(LISTEN_MS, undefined, { signal }), heard('Back as ', setup)]);
}

/** Only for readers: a pipe needs no pauses. */
async function pause(ms: number, setup: DemoSetup, screen: Screen): Promise<void> {
  if (screen.isTerminal) await sleep(ms, undefined, { signal: setup.signal });
}

function resultOf(setup: DemoSetup): StoryResult {
  const { asked, answered: count, doubles, isInOrder } = setup.ledger.tally();
  return {
    pairings: setup.simulator.counters.pairings,
    qrRequests: setup.qrRequests,
    asked,
    answered: count,
    doubles,
    isInOrder,
    conversation: CONVERSATION.map((words) => setup.ledger.count('Anna', words)),
    unreadable: setup.unreadable,
  };
}

/** A promise, kept or not. */
export function promised(text: string, isKept: boolean, look: Look): string[] {
  const mark = isKept ? paint(look, 'green', '✓') : paint(look, 'red', '✗ NOT KEPT:');
  const room = textColumns(look) - (isKept ? 4 : 16);
  return wrap(text, room).map((line, index) => (index === 0 ? `  ${mark} ${line}` : `    ${line}`));
}
