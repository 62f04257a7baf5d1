import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastOfBot, optionsOf, personOf } from './chat-view.ts';
import { answered, DemoProblem, link, soon } from './demo-waits.ts';
import type { Screen } from './demo-window.ts';
import { paint } from './demo-window.ts';
import type { Stage } from './stage.ts';
import { CONVERSATION, judge, OPENING, type Outcome, pauseAfterMs, STORY, type Step } from './story.ts';
import { promised, said, title, told } from './story-lines.ts';

/** How long the QR code stays on the screen before the phone scans it, on a terminal. */
const LOOK_AT_CODE_MS = 1_200;
const VERDICT_MS = 200;
/** A second answer would come within this. */
const LISTEN_MS = 1_000;
const HEAR_WITHIN_MS = 4_000;
const ANSWERS_WITHIN_MS = 10_000;

/** Tells the story: acts each step, and shows it at a pace that can be read. Resolves with whether all was kept. */
export async function tellStory(stage: Stage, screen: Screen): Promise<boolean> {
  const [name, subtitle] = OPENING;
  screen.print(title(name, screen.look));
  screen.print(told(subtitle, screen.look));
  for (const step of STORY) {
    await act(step, stage, screen);
    await pause(pauseAfterMs(step), stage, screen);
  }
  const verdicts = judge(outcomeOf(stage));
  for (const { text, isKept } of verdicts) {
    screen.print(promised(text, isKept, screen.look));
    await pause(VERDICT_MS, stage, screen);
  }
  return verdicts.every(({ isKept }) => isKept);
}

async function act(step: Step, stage: Stage, screen: Screen): Promise<void> {
  const { look } = screen;
  switch (step.do) {
    case 'title':
      return screen.print(title(step.text, look));
    case 'tell':
      return screen.print(told(step.text, look));
    case 'start':
      return stage.startBot();
    case 'link':
      await link(stage, () => pause(LOOK_AT_CODE_MS, stage, screen));
      return heard('Linked to ', stage);
    case 'ask':
      // Before it is sent: the answer may be quick.
      screen.print(said(step.who, 'bot', step.text, '', look));
      await stage.write(stage.cast.named(step.who), step.text);
      return;
    case 'say':
      screen.print(said(step.who, 'bot', step.text, '', look));
      await stage.cast.named(step.who).phone.send(step.text);
      return;
    case 'vote':
      return vote(step.who, step.option, stage, screen);
    case 'await':
      await soon(stage, `"${step.text}"`, () => heardFrom(stage, 'Anna', step.text));
      return;
    case 'hear':
      await soon(stage, 'every answer', () => answered(stage, ANSWERS_WITHIN_MS), ANSWERS_WITHIN_MS + 1_000);
      return;
    case 'kill':
      return kill(stage, screen);
    case 'return':
      return comeBack(stage);
    case 'listen':
      return listen(stage);
    default:
      return step satisfies never;
  }
}

async function vote(who: string, option: string, stage: Stage, screen: Screen): Promise<void> {
  const role = stage.cast.named(who);
  const poll = lastOfBot(role, (message) => optionsOf(message)?.includes(option) === true);
  if (poll === undefined)
    throw new DemoProblem(`There is no poll with the option ${option}.`, stage.bot.lastLines);
  screen.print(said(who, 'bot', `(a vote) ${option}`, '', screen.look));
  await personOf(role)?.vote(poll.id, [option]);
}

/** Resolves when the bot has written these words to somebody. */
async function heardFrom(stage: Stage, place: string, words: string): Promise<void> {
  while (stage.ledger.count(place, words) === 0) await once(stage, 'news', { signal: stage.signal });
}

async function kill(stage: Stage, screen: Screen): Promise<void> {
  const { pid } = stage.bot;
  screen.print([`  ${paint(screen.look, 'red', `$ kill -9 ${pid}`)}`]);
  await stage.bot.kill();
  screen.print(told(`Process ${pid} is gone.`, screen.look));
}

/** Connected, or asking for another QR code, which is what must not happen. */
async function comeBack(stage: Stage): Promise<void> {
  if (stage.isConnected) return;
  const { events } = stage.simulator;
  const isOpen = await soon(stage, 'a connection', (signal) =>
    Promise.race([
      once(events, 'opened', { signal }).then(() => true),
      once(events, 'qr-requested', { signal }).then(() => false),
    ]),
  );
  if (!isOpen) throw new DemoProblem('The bot asks for another QR code.', stage.bot.lastLines);
}

/** Until the bot has said what became of the messages, and long enough for a second answer to show itself. */
async function listen(stage: Stage): Promise<void> {
  const { signal } = stage;
  await Promise.all([sleep(LISTEN_MS, undefined, { signal }), heard('Back as ', stage)]);
}

/** Waits until the bot has printed a line with `text`, at most `HEAR_WITHIN_MS`. A missing line is no failure. */
async function heard(text: string, { bot, signal }: Stage): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(HEAR_WITHIN_MS)]);
  while (!bot.lines.some((line) => line.includes(text)) && !over.aborted) {
    await once(bot, 'printed', { signal: over }).catch(() => {});
  }
}

/** Only for readers: a pipe needs no pauses. */
async function pause(ms: number, stage: Stage, screen: Screen): Promise<void> {
  if (screen.isTerminal) await sleep(ms, undefined, { signal: stage.signal });
}

function outcomeOf(stage: Stage): Outcome {
  const { asked, answered: count, doubles, isInOrder } = stage.ledger.tally();
  return {
    pairings: stage.simulator.counters.pairings,
    qrRequests: stage.qrRequests,
    asked,
    answered: count,
    doubles,
    isInOrder,
    conversation: CONVERSATION.map((words) => stage.ledger.count('Anna', words)),
    unreadable: stage.unreadable,
  };
}
