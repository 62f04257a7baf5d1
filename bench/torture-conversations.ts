/**
 * Kills the real program at random instants while people are in the middle of conversations, and checks that each
 * conversation ends as it would without a kill: each question once, each answer in its place, each step with one key.
 *
 *   node --import tsx bench/torture-conversations.ts [--kills 200] [--seed 1]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Person } from '../src/simulator/phones/person.ts';
import { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, nextOpened } from './bots.ts';
import { seeded } from './seeded.ts';

/** A command of the built program, which keeps its conversation over every kill. */
const TALK = `
import { appendFileSync } from 'node:fs';
import { integer } from '../bot/args.js';
import { command } from '../bot/command.js';

export default command({
  name: 'talk',
  summary: 'holds a conversation',
  args: { n: integer() },
  async run(ctx) {
    const { n } = ctx.args;
    const first = await ctx.ask(n + ': first?');
    const second = await ctx.choose(n + ': second?', ['left', 'right']);
    await ctx.step('write', (key) => {
      appendFileSync(process.env.TORTURE_STEPS, n + ' ' + key + '\\n');
      return n;
    });
    const sent = await ctx.reply(n + ': done ' + first.text + ' ' + second);
    await ctx.sleep(1200);
    await sent.edit(n + ': over');
  },
});
`;

export interface ConversationsResult {
  readonly kills: number;
  readonly conversations: number;
  /** What was not as it would have been without a kill, in words. */
  readonly faults: readonly string[];
}

/**
 * How long a person waits for each message. The program tries a conversation again a minute after a send that WhatsApp
 * did not acknowledge, so this must be well above that.
 */
const WAIT_MS = 150_000;
/** How many people talk at the same time: each kill hits a conversation of each of them. */
const PEOPLE = 6;
/** How many of the newest lines of the bot, over all its runs, are kept for a fault. */
const KEPT_LINES = 200;

export async function tortureConversations(options: {
  readonly kills: number;
  readonly seed: number;
}): Promise<ConversationsResult> {
  const random = seeded(options.seed);
  const simulator = new SimulatedWhatsApp();
  await simulator.start();
  const folder = mkdtempSync(join(tmpdir(), 'torture-'));
  const steps = `${folder}.steps`;
  const main = process.env.BENCH_MAIN ?? 'dist/main.js';
  const talk = join(dirname(main), 'commands/torture-talk.js');
  writeFileSync(talk, TALK);
  const bot = new BotProcess('perennial', folder, simulator, {
    LOG_LEVEL: process.env.TORTURE_LOG_LEVEL ?? 'warn',
    TORTURE_STEPS: steps,
  });
  const people = Array.from({ length: PEOPLE }, () => simulator.addPerson({ addressing: 'mixed' }));
  const state = { next: 0, isOver: false };
  const faults: string[] = [];
  const log: string[] = [];
  try {
    bot.start();
    await bot.pair(simulator);
    const talking = people.map(async (person) => {
      while (!state.isOver && faults.length === 0) {
        state.next += 1;
        await converse(person, state.next, random).catch((error: unknown) => {
          faults.push(String(error), ...log, ...bot.lines);
        });
      }
    });
    for (let kill = 0; kill < options.kills && faults.length === 0; kill += 1) {
      await sleep(200 + random() * 1_800);
      await bot.end('SIGKILL');
      log.push(...bot.lines, `kill ${kill + 1}`);
      log.splice(0, log.length - KEPT_LINES);
      // On a busy machine a bot that is killed at each of its starts gets nowhere, so every fourth one may connect.
      const opened = kill % 4 === 3 ? nextOpened(simulator, WAIT_MS) : undefined;
      bot.start();
      await opened;
    }
    state.isOver = true;
    await Promise.all(talking);
    faults.push(...people.flatMap((person) => faultsOf(person)), ...stepFaults(steps, state.next));
    return { kills: options.kills, conversations: state.next, faults };
  } finally {
    await bot.end('SIGKILL');
    await simulator.stop();
    for (const path of [talk, steps, folder]) rmSync(path, { recursive: true, force: true });
  }
}

/** One conversation from its first message to the edit in its end. */
async function converse(person: Person, n: number, random: () => number): Promise<void> {
  const hears = (text: string) => person.waitForMessage((message) => message.text === text, WAIT_MS);
  await person.send(`!talk ${n}`);
  await hears(`${n}: first?`);
  await sleep(random() * 300);
  await person.send(`answer${n}`);
  const poll = await person.waitForMessage(
    ({ message }) => message.pollCreationMessageV3?.name === `${n}: second?`,
    WAIT_MS,
  );
  await sleep(random() * 300);
  const choice = random() < 0.5 ? 'left' : 'right';
  if (random() < 0.5) await person.vote(poll.id, [choice]);
  else await person.send(choice);
  await hears(`${n}: done answer${n} ${choice}`);
  await person.waitForMessage(
    ({ act }) => act?.kind === 'edit' && 'text' in act && act.text === `${n}: over`,
    WAIT_MS,
  );
}

/** A message that a person sees twice, or cannot read. */
function faultsOf(person: Person): string[] {
  const texts = person.inbox.map(({ text, act, message }) =>
    JSON.stringify([text ?? message.pollCreationMessageV3?.name, act?.kind]),
  );
  const twice = texts.filter((text, index) => texts.indexOf(text) !== index);
  const unreadable = person.unreadable.filter((message) => !message.isRecovered);
  return [
    ...twice.map((text) => `${person.name} got ${text} twice`),
    ...unreadable.map(({ id }) => `${person.name} cannot read ${id}`),
  ];
}

/** A step may be begun again after a kill, but never with another key. */
function stepFaults(file: string, conversations: number): string[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const keys = new Map<string, Set<string>>();
  for (const line of lines) {
    const [n = '', key = ''] = line.split(' ');
    keys.set(n, (keys.get(n) ?? new Set()).add(key));
  }
  const faults = [...keys].filter(([, set]) => set.size > 1).map(([n]) => `the step of ${n} got two keys`);
  for (let n = 1; n <= conversations; n += 1)
    if (!keys.has(String(n))) faults.push(`the step of ${n} was never done`);
  return faults;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
    },
  });
  // libsignal prints the Signal sessions of the simulated people.
  for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};
  const result = await tortureConversations({ kills: Number(values.kills), seed: Number(values.seed) });
  process.stdout.write(`seed ${values.seed}\n${JSON.stringify(result, null, 2)}\n`);
  process.exit(result.faults.length > 0 ? 1 : 0);
}
