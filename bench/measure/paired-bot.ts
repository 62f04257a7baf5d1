import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Group } from '../../src/simulator/phones/group.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, type Kind } from '../bots.ts';

const ANSWER_WITHIN_MS = 60_000;

/** Gives `work` a folder of its own, and removes it afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives `work` a bot that runs and is paired, with a WhatsApp and a folder of its own. */
export function withPairedBot<T>(
  kind: Kind,
  work: (bot: BotProcess, simulator: SimulatedWhatsApp) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    const simulator = new SimulatedWhatsApp();
    await simulator.start();
    const bot = new BotProcess(kind, folder, simulator);
    try {
      bot.start();
      await bot.pair(simulator);
      return await work(bot, simulator);
    } finally {
      await bot.end('SIGKILL');
      await simulator.stop();
    }
  });
}

/** Resolves when `!ping` is answered. */
export async function ask(person: Person, group?: Group): Promise<void> {
  const { id } = await person.send('!ping', group);
  await person.waitForMessage((message) => message.quotedId === id, ANSWER_WITHIN_MS);
}
