/**
 * Kills the real program at random instants while people write to it, and counts what was lost. Some kills aim at
 * short phases: pairings, first uploads of pre-keys, checkpoints. Then it does the same to people in conversations.
 *
 *   npm run torture -- --kills 200 [--seed 1] [--every-ms 60] [--addressing mixed|pn|lid] [--pairings 10]
 *     [--control] [--target program|auth-state]
 *
 * `--target auth-state` tortures the library's own recipe as it is, with the line of the auth state changed, and with
 * the socket options as well, and writes the three columns to bench/AUTH-STATE.md (`npm run docs` puts them in README).
 * Exits 1 if the second or third lost a session, or the third sent an answer that was never readable.
 * `--control` tortures the library's own recipe in the same way. Exits 1 if a promise was broken. With
 * `--control` exits 1 if no promise was broken, because then the torture is too mild to show anything.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAppError } from '../src/core/errors.ts';
import { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, type Kind } from './bots.ts';
import { aimOf, Killer } from './killer.ts';
import { type Answered, Questions } from './questions.ts';
import { seeded } from './seeded.ts';
import { columnsOf, isColumnKept } from './torture-columns.ts';
import { tortureConversations } from './torture-conversations.ts';
import { missingPreKeys, torturePairings } from './torture-pairing.ts';

export interface TortureOptions {
  readonly kind: Kind;
  readonly kills: number;
  readonly seed: number;
  readonly everyMs: number;
  readonly addressing: 'pn' | 'lid' | 'mixed';
  /** How many more bots are paired first. Each is killed in its pairing and in its first upload. Not for the recipe. */
  readonly pairings: number;
  /** Called if questions stayed open, with those questions and the lines of the bot's last run. */
  readonly onLoss?: (lines: readonly string[]) => void;
  /** Called after each kill, with how many questions are open at that moment. */
  readonly onProgress?: (done: number, open: number) => void;
}

export interface TortureResult extends Answered {
  /** The kills that were made: the torture ends early if the session is lost. */
  readonly kills: number;
  /** Kills that cut off a checkpoint and left a temporary file. */
  readonly idleCheckpointKills: number;
  readonly stopCheckpointKills: number;
  /** Kills between the scan and the first login, and from there to the end of the first upload. */
  readonly pairingKills: number;
  readonly uploadKills: number;
  /** How often a paired bot asked for a new QR code, or could not read its identity any more. */
  readonly sessionsLost: number;
  /** Pre-keys that WhatsApp hands out and the folder does not have. */
  readonly missingPreKeys: number;
  /** Questions without an answer for which the bot had sent a receipt, so that WhatsApp does not send them again. */
  readonly unansweredWithReceipt: number;
}

const SETTLE_MS = 60_000;

export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { kind, kills, seed } = options;
  const simulator = new SimulatedWhatsApp();
  await simulator.start();
  const folder = mkdtempSync(join(tmpdir(), 'torture-'));
  const bot = new BotProcess(kind, folder, simulator, {
    LOG_LEVEL: process.env.TORTURE_LOG_LEVEL ?? 'warn',
  });
  const people = Array.from({ length: 5 }, (_, index) => {
    const own = index === 0 ? 'pn' : index === 1 ? 'lid' : 'mixed';
    return simulator.addPerson({ addressing: options.addressing === 'mixed' ? own : options.addressing });
  });
  const group = simulator.addGroup({ people, subject: 'Torture' });
  try {
    const pairings = await torturePairings(kind === 'perennial' ? options.pairings : 0, seeded(seed + 1));
    bot.start();
    // A kill in the pairing would end the recipe at once, so the control begins with a paired recipe.
    await bot.pair(simulator);
    let qrRequests = 0;
    simulator.events.on('qr-requested', () => {
      qrRequests += 1;
    });
    const questions = new Questions(people, group, seeded(seed + 2));
    const asking = questions.askEvery(options.everyMs);
    const killer = new Killer(bot, simulator, questions, seeded(seed));
    const checkpoints = { idle: 0, stop: 0 };
    let done = 0;
    for (let kill = 1; kill <= kills && qrRequests === 0; kill += 1) {
      const aim = kind === 'perennial' ? aimOf(kill) : 'anywhere';
      const hasHit = await killer.kill(aim);
      if (aim !== 'anywhere' && hasHit) checkpoints[aim] += 1;
      bot.start();
      done = kill;
      options.onProgress?.(kill, questions.open().length);
    }
    questions.stop();
    await asking;
    if (qrRequests === 0) await questions.settle(SETTLE_MS);
    const open = questions.open();
    if (open.length > 0) options.onLoss?.([...open, ...bot.lines]);
    await bot.end('SIGTERM');
    const missing = await missingPreKeys(folder, simulator).catch((error: unknown) => {
      if (!isAppError(error, 'SESSION_UNUSABLE')) throw error;
      return undefined;
    });
    const isLost = qrRequests > 0 || missing === undefined;
    const received = new Set(
      simulator.devices[0]?.receipts.filter(({ type }) => type !== 'retry').map(({ id }) => id),
    );
    return {
      kills: done,
      ...questions.count(),
      unansweredWithReceipt: questions.openIds().filter((id) => received.has(id)).length,
      idleCheckpointKills: checkpoints.idle,
      stopCheckpointKills: checkpoints.stop,
      pairingKills: pairings.pairingKills,
      uploadKills: pairings.uploadKills,
      sessionsLost: (isLost ? 1 : 0) + pairings.lost,
      missingPreKeys: (missing ?? 0) + pairings.missingPreKeys,
    };
  } finally {
    await bot.end('SIGKILL');
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const READABLE_LATER_IN_100 = 1;

/** Whether the result is what perennial promises. The control must break it. */
export function isKept(result: TortureResult): boolean {
  const { sent, unanswered, answeredTwice, unreadable, readableLater, sessionsLost, missingPreKeys } = result;
  const losses = unanswered + answeredTwice + unreadable + sessionsLost + missingPreKeys;
  return losses === 0 && readableLater * 100 <= sent * READABLE_LATER_IN_100;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
      'every-ms': { type: 'string', default: '60' },
      addressing: { type: 'string', default: 'mixed' },
      pairings: { type: 'string', default: '10' },
      control: { type: 'boolean', default: false },
      target: { type: 'string', default: 'program' },
    },
  });
  // libsignal prints the Signal sessions of the simulated people.
  for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};
  const seed = Number(values.seed);
  const kills = Number(values.kills);
  process.stdout.write(`seed ${seed}\n`);
  const tortureOf = (kind: Kind): Promise<TortureResult> =>
    torture({
      kind,
      kills,
      seed,
      everyMs: Number(values['every-ms']),
      addressing: values.addressing === 'pn' || values.addressing === 'lid' ? values.addressing : 'mixed',
      pairings: Number(values.pairings),
      onLoss: (lines) => process.stdout.write(`${lines.join('\n')}\n`),
      onProgress: (done, open) => {
        if (done % 10 === 0) process.stdout.write(`${done} of ${kills} kills, ${open} questions open\n`);
      },
    });
  if (values.target === 'auth-state') {
    execFileSync(process.execPath, ['tools/build.mjs', '--package', '--out', '.dist-package']);
    const results = {
      recipe: await tortureOf('recipe'),
      'auth-state-line': await tortureOf('auth-state-line'),
      'auth-state': await tortureOf('auth-state'),
    };
    const columns = columnsOf(results, {
      command: `npm run torture -- --target auth-state --kills ${kills} --seed ${seed}`,
      commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
      date: new Date().toISOString().slice(0, 10),
    });
    writeFileSync(new URL('./AUTH-STATE.md', import.meta.url), columns);
    process.stdout.write(columns);
    const isEachKept =
      isColumnKept('auth-state-line', results['auth-state-line']) &&
      isColumnKept('auth-state', results['auth-state']);
    process.exit(isEachKept ? 0 : 1);
  }
  const result = await tortureOf(values.control ? 'recipe' : 'perennial');
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (values.control) process.exit(isKept(result) ? 1 : 0);
  process.stdout.write('and people in the middle of conversations\n');
  const talks = await tortureConversations({ kills, seed });
  process.stdout.write(`${JSON.stringify(talks, null, 2)}\n`);
  process.exit(isKept(result) && talks.faults.length === 0 ? 0 : 1);
}
