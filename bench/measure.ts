import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Curve, useMultiFileAuthState } from '@whiskeysockets/baileys';
import { openSession } from '../src/session/session.ts';
import type { Person } from '../src/simulator/phones/person.ts';
import { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, type Kind, nextOpened } from './bots.ts';

/** Gives each measurement a folder of its own, and removes it afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds until 812 pre-keys, those of a first login, are saved. */
export function preKeysMs(kind: Kind): Promise<number> {
  return inFolder(async (folder) => {
    const keys = Object.fromEntries(
      Array.from({ length: 812 }, (_, id) => [id + 1, Curve.generateKeyPair()]),
    );
    if (kind === 'recipe') {
      const { state } = await useMultiFileAuthState(folder);
      const startedAt = performance.now();
      await state.keys.set({ 'pre-key': keys });
      return performance.now() - startedAt;
    }
    const session = await openSession(folder, { log: { debug: () => {}, info: () => {}, warn: () => {} } });
    const startedAt = performance.now();
    await session.set({ 'pre-key': keys });
    const ms = performance.now() - startedAt;
    await session.close();
    return ms;
  });
}

export interface CommandCost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

async function withPairedBot<T>(
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
      await bot.end();
      await simulator.stop();
    }
  });
}

async function ask(person: Person): Promise<void> {
  const { id } = await person.send('!ping');
  await person.waitForMessage((message) => message.quotedId === id, 60_000);
}

/** CPU and wall time of the bot's process for each command answered; five people ask at once. */
export function commandCost(kind: Kind, addressing: 'pn' | 'lid', rounds: number): Promise<CommandCost> {
  return withPairedBot(kind, async (bot, simulator) => {
    const people = Array.from({ length: 5 }, () => simulator.addPerson({ addressing }));
    const round = (): Promise<unknown> => Promise.all(people.map(ask));
    for (let index = 0; index < 20; index += 1) await round();
    const cpuBefore = bot.cpuMs();
    const startedAt = performance.now();
    for (let index = 0; index < rounds; index += 1) await round();
    const commands = rounds * people.length;
    return {
      cpuMs: (bot.cpuMs() - cpuBefore) / commands,
      wallMs: (performance.now() - startedAt) / commands,
    };
  });
}

export interface StartCost {
  readonly loginMs: number;
  readonly idleMiB: number;
}

/** From the start of the process to its login, with so many more key files in the folder. */
export function startCost(kind: Kind, keyFiles: number): Promise<StartCost> {
  return withPairedBot(kind, async (bot, simulator) => {
    const person = simulator.addPerson();
    await ask(person);
    await bot.end();
    const session = JSON.stringify({ _sessions: {}, version: 'v1', padding: 'x'.repeat(1_000) });
    for (let index = 0; index < keyFiles; index += 1) {
      writeFileSync(join(bot.folder, `session-9${String(index).padStart(12, '0')}.0.json`), session);
    }
    // They would be on the disk for long: our start must not wait for them to get there.
    execFileSync('sync');
    const startedAt = performance.now();
    const opened = nextOpened(simulator, 60_000);
    bot.start();
    await opened;
    const loginMs = performance.now() - startedAt;
    await ask(person);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return { loginMs, idleMiB: bot.residentMiB() };
  });
}

/** Resident memory after so many messages from so many people, ten at a time. */
export function memoryAfter(kind: Kind, messages: number, peopleCount: number): Promise<number> {
  return withPairedBot(kind, async (bot, simulator) => {
    const people = Array.from({ length: peopleCount }, (_, index) =>
      simulator.addPerson({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
    );
    for (let done = 0; done < messages; done += 10) {
      const asking = Array.from({ length: 10 }, (_, offset) => people[(done + offset) % peopleCount]);
      await Promise.all(asking.map((person) => person && ask(person)));
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return bot.residentMiB();
  });
}
