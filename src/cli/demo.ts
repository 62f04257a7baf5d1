/**
 * `npm run demo`: the real bot, as a process of its own, against a WhatsApp that is simulated in this one.
 * A story of twenty seconds, then a prompt.
 */

import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeProblem } from '../config/node-version.ts';
import { EXIT_CODES } from '../core/errors.ts';
import { type DemoOptions, readOptions, USAGE } from '../demo/demo-options.ts';
import { guardConsole } from '../logging/console-guard.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const old = nodeProblem(process.version);
if (old) {
  process.stderr.write(`${old.message}\n`);
  process.exitCode = old.exitCode;
} else await begin();

async function begin(): Promise<void> {
  const reading = readOptions(process.argv.slice(2), process.stdin.isTTY === true);
  if (reading.kind === 'help') process.stdout.write(USAGE);
  if (reading.kind === 'problem') {
    process.stderr.write(`${reading.text}\n\n${USAGE}`);
    process.exitCode = EXIT_CODES.BAD_ARGUMENTS;
  }
  if (reading.kind !== 'run') return;
  // Before Baileys loads, as in the bot itself.
  guardConsole({ debug: () => {} });
  process.exitCode = await run(reading.options);
}

async function run(options: DemoOptions): Promise<number> {
  const { playDemo } = await import('../demo/run-demo.ts');
  const over = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'perennial-demo-'));
  let killBot = (): void => {};
  // However this process ends, it kills the bot and removes the folder.
  process.once('exit', () => {
    killBot();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (over.signal.aborted) process.exit(0);
      over.abort();
    });
  }
  // The reader has closed the pipe: `npm run demo | head`.
  process.stdout.on('error', () => over.abort());
  const code = await playDemo({
    options,
    folder,
    env: process.env,
    input: process.stdin,
    output: process.stdout,
    isColorAllowed: !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    signal: over.signal,
    explain: async (sessionPath, id) => {
      const { reportExplain } = await import('../app/explain-message.ts');
      return reportExplain(sessionPath, id);
    },
    started: (bot) => {
      killBot = () => bot.killNow();
    },
  });
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return code;
}
