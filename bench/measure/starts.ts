import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../src/simulator/phones/person.ts';
import type { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { type BotProcess, nextOpened } from '../bots.ts';
import { useOfTree } from '../process-tree.ts';
import { ask } from './paired-bot.ts';

/** What a person waits for, and what it costs. */
export interface StartCost {
  /** From the start of the process to its login at WhatsApp. */
  readonly loginMs: number;
  /** User and system time of all its processes, to a second after the first answer. */
  readonly cpuMs: number;
  /** Memory of all its processes at that moment. */
  readonly idleMiB: number;
}

const LOGIN_WITHIN_MS = 60_000;
const IDLE_AFTER_MS = 1_000;

/** Adds `count` key files to the folder of a bot that does not run. */
export function addKeyFiles(folder: string, count: number): void {
  const session = JSON.stringify({ _sessions: {}, version: 'v1', padding: 'x'.repeat(1_000) });
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, `session-9${String(index).padStart(12, '0')}.0.json`), session);
  }
}

/** Starts a paired bot that does not run, asks it once, and ends it as `end` says. */
export async function startCost(
  bot: BotProcess,
  simulator: SimulatedWhatsApp,
  person: Person,
  end: 'SIGTERM' | 'SIGKILL',
): Promise<StartCost> {
  // A start must not wait until earlier writes are on the disk.
  execFileSync('sync');
  const startedAt = performance.now();
  const opened = nextOpened(simulator, LOGIN_WITHIN_MS);
  bot.start();
  await opened;
  const loginMs = performance.now() - startedAt;
  await ask(person);
  await sleep(IDLE_AFTER_MS);
  const { cpuMs, residentBytes } = useOfTree(bot.pid);
  await bot.end(end);
  return { loginMs, cpuMs, idleMiB: residentBytes / 1024 ** 2 };
}
