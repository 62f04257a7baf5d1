/**
 * Kills the real program at random instants while people write to it, and counts what came of it.
 *
 *   npm run torture -- --kills 200 [--seed 1] [--every-ms 60] [--addressing mixed|pn|lid] [--control]
 *
 * `--control` tortures the library's own recipe in the same way. Exits 1 where a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSession } from '../src/session/store.ts';
import type { Group } from '../src/simulator/group.ts';
import type { Person } from '../src/simulator/person.ts';
import { SimulatedWhatsApp } from '../src/simulator/server.ts';
import { BotProcess, type Kind, nextOpened } from './bots.ts';
import { seeded } from './seeded.ts';

export interface TortureOptions {
  readonly kind: Kind;
  readonly kills: number;
  readonly seed: number;
  readonly everyMs: number;
  readonly addressing: 'pn' | 'lid' | 'mixed';
  /** What is known where questions stayed open: which, and the lines of the bot's last run. */
  readonly onLoss?: (lines: readonly string[]) => void;
  /** Called after each kill. */
  readonly onProgress?: (done: number) => void;
}

export interface TortureResult {
  readonly kills: number;
  readonly sent: number;
  readonly unanswered: number;
  /** Questions that got two answers under different ids: those a phone would show twice. */
  readonly answeredTwice: number;
  readonly unreadable: number;
  /** Answers that could be read, but only after the phone had asked for them again. */
  readonly readableLater: number;
  /** How often a new QR was asked for, once it was paired. */
  readonly sessionsLost: number;
  /** Pre-keys that WhatsApp hands out and the folder does not have. */
  readonly missingPreKeys: number;
}

const SETTLE_MS = 60_000;

export async function torture(options: TortureOptions): Promise<TortureResult> {
  const random = seeded(options.seed);
  const simulator = new SimulatedWhatsApp();
  await simulator.start();
  const folder = mkdtempSync(join(tmpdir(), 'torture-'));
  const bot = new BotProcess(options.kind, folder, simulator.url, {
    LOG_LEVEL: process.env.TORTURE_LOG_LEVEL ?? 'warn',
  });
  const people = Array.from({ length: 5 }, (_, index) => {
    const own = index === 0 ? 'pn' : index === 1 ? 'lid' : 'mixed';
    return simulator.addPerson({ addressing: options.addressing === 'mixed' ? own : options.addressing });
  });
  const group = simulator.addGroup({ people, subject: 'Torture' });
  try {
    bot.start();
    // The recipe would lose its identity here already: the control begins with one that it has.
    if (options.kind === 'recipe') await bot.pair(simulator);
    else await pairUnderFire(bot, simulator, random);
    let qrRequests = 0;
    simulator.events.on('qr-requested', () => {
      qrRequests += 1;
    });
    const questions = new Questions(people, group, random);
    const asking = questions.askEvery(options.everyMs);
    for (let kill = 1; kill <= options.kills && qrRequests === 0; kill += 1) {
      const isShort = random() < 0.3;
      await sleep(Math.round(random() * (isShort ? 400 : 2_500)));
      await bot.end('SIGKILL');
      bot.start();
      options.onProgress?.(kill);
    }
    questions.stop();
    await asking;
    if (qrRequests === 0) await questions.settle(SETTLE_MS);
    const open = questions.open();
    if (open.length > 0) options.onLoss?.([...open, ...bot.lines]);
    await bot.end('SIGTERM');
    return {
      kills: options.kills,
      ...questions.count(),
      sessionsLost: qrRequests > 0 ? 1 : 0,
      missingPreKeys: await missingPreKeys(folder, simulator),
    };
  } finally {
    await bot.end('SIGKILL');
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The pairing itself and the first upload of pre-keys are killed too, until one gets through. */
async function pairUnderFire(
  bot: BotProcess,
  simulator: SimulatedWhatsApp,
  random: () => number,
): Promise<void> {
  for (let attempt = 0; attempt < 4 && simulator.devices.length === 0; attempt += 1) {
    const pairing = bot.pair(simulator).catch(() => {});
    const paired = new Promise<void>((resolve) => simulator.events.once('paired', () => resolve()));
    await Promise.race([paired, pairing]);
    await sleep(Math.round(random() * 300));
    await bot.end('SIGKILL');
    rmSync(join(bot.folder, 'qr-code.png'), { force: true });
    bot.start();
  }
  if (simulator.devices[0]?.isActive) return;
  await nextOpened(simulator, 30_000);
}

/** Who asked what, and what they got. */
class Questions {
  readonly #people: readonly Person[];
  readonly #group: Group;
  readonly #random: () => number;
  readonly #asked: Array<{ person: Person; id: string; isInGroup: boolean }> = [];
  #isOver = false;

  constructor(people: readonly Person[], group: Group, random: () => number) {
    this.#people = people;
    this.#group = group;
    this.#random = random;
  }

  async askEvery(ms: number): Promise<void> {
    while (!this.#isOver) {
      const person = this.#people[Math.floor(this.#random() * this.#people.length)];
      if (!person) throw new Error('nobody is there to ask');
      const isInGroup = this.#random() < 0.2;
      const { id } = await person.send('!ping', isInGroup ? this.#group : undefined);
      this.#asked.push({ person, id, isInGroup });
      await sleep(ms);
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  #answersTo({ person, id }: { person: Person; id: string }): Set<string> {
    return new Set(person.inbox.filter((message) => message.quotedId === id).map((message) => message.id));
  }

  async settle(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline) {
      if (this.#asked.every((question) => this.#answersTo(question).size > 0)) return;
      await sleep(200);
    }
  }

  /** Which questions got no answer, as `number: person, place`. */
  open(): string[] {
    return this.#asked.flatMap((question, index) => {
      const { person, isInGroup } = question;
      if (this.#answersTo(question).size > 0) return [];
      return [
        `${index} of ${this.#asked.length}: ${person.name}, ${isInGroup ? 'group' : 'direct'}, ${question.id}`,
      ];
    });
  }

  count(): Omit<TortureResult, 'kills' | 'sessionsLost' | 'missingPreKeys'> {
    const answers = this.#asked.map((question) => this.#answersTo(question).size);
    const unreadable = this.#people.flatMap((person) => person.unreadable);
    return {
      sent: this.#asked.length,
      unanswered: answers.filter((count) => count === 0).length,
      answeredTwice: answers.filter((count) => count > 1).length,
      unreadable: unreadable.filter((message) => !message.isRecovered).length,
      readableLater: unreadable.filter((message) => message.isRecovered).length,
    };
  }
}

async function missingPreKeys(folder: string, simulator: SimulatedWhatsApp): Promise<number> {
  const ids = simulator.devices.flatMap((device) => device.preKeyIds()).map(String);
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const session = await openSession(folder, { log });
  const found = session.get('pre-key', ids);
  await session.close();
  return ids.filter((id) => !(id in found)).length;
}

/** What perennial promises; the control is expected to break it. */
export function isKept(result: TortureResult): boolean {
  const { unanswered, answeredTwice, unreadable, sessionsLost, missingPreKeys } = result;
  return unanswered + answeredTwice + unreadable + sessionsLost + missingPreKeys === 0;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
      'every-ms': { type: 'string', default: '60' },
      addressing: { type: 'string', default: 'mixed' },
      control: { type: 'boolean', default: false },
    },
  });
  // The people's own sessions print through libsignal too.
  for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};
  const seed = Number(values.seed);
  const kills = Number(values.kills);
  process.stdout.write(`seed ${seed}\n`);
  const result = await torture({
    kind: values.control ? 'recipe' : 'perennial',
    kills,
    seed,
    everyMs: Number(values['every-ms']),
    addressing: values.addressing === 'pn' || values.addressing === 'lid' ? values.addressing : 'mixed',
    onLoss: (lines) => process.stdout.write(`${lines.join('\n')}\n`),
    onProgress: (done) => {
      if (done % 10 === 0) process.stdout.write(`${done} of ${kills} kills\n`);
    },
  });
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exit(values.control || isKept(result) ? 0 : 1);
}
