import { once } from 'node:events';
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLeftover } from '../src/session/folder/file-names.ts';
import type { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import type { BotProcess } from './bots.ts';
import type { Questions } from './questions.ts';

/** What a kill must hit: any moment, the checkpoint of an idle bot, or the checkpoint of a clean stop. */
export type Aim = 'anywhere' | 'idle' | 'stop';

/** One kill in ten waits until the bot is idle, which takes long; two in ten follow a SIGTERM. */
export function aimOf(kill: number): Aim {
  if (kill % 10 === 3) return 'idle';
  return kill % 5 === 1 ? 'stop' : 'anywhere';
}

/** An idle checkpoint begins with a new journal. Every checkpoint writes temporary files. */
const NEW_JOURNAL = /^journal-\d+\.log$/;
const NEW_FILE = /\.tmp$/;
const ONLINE_WITHIN_MS = 30_000;
const IDLE_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 1_500;
/** How long a checkpoint writes few files, and many files. */
const CHECKPOINT_MS = [30, 300] as const;

export class Killer {
  readonly #bot: BotProcess;
  readonly #simulator: SimulatedWhatsApp;
  readonly #questions: Questions;
  readonly #random: () => number;
  /** The number of logins when the last process ended. The connection that the simulator sees may still be of that process. */
  #loginsBefore = 0;

  constructor(bot: BotProcess, simulator: SimulatedWhatsApp, questions: Questions, random: () => number) {
    this.#bot = bot;
    this.#simulator = simulator;
    this.#questions = questions;
    this.#random = random;
  }

  /** Kills the bot. Resolves with whether the kill cut off a checkpoint. */
  async kill(aim: Aim): Promise<boolean> {
    if (aim === 'anywhere') {
      const isShort = this.#random() < 0.3;
      await sleep(this.#random() * (isShort ? 400 : 2_500));
      await this.#strike();
      return false;
    }
    await this.#untilOnline();
    await sleep(this.#random() * 1_000);
    const delayMs = this.#random() * CHECKPOINT_MS[this.#random() < 0.5 ? 0 : 1];
    const watcher = new FolderWatch(this.#bot.folder);
    try {
      if (aim === 'stop') return await this.#inStop(watcher, delayMs);
      return await this.#questions.pauseFor(() => this.#inIdleCheckpoint(watcher, delayMs));
    } finally {
      watcher.close();
    }
  }

  async #untilOnline(): Promise<void> {
    const deadline = Date.now() + ONLINE_WITHIN_MS;
    while (this.#simulator.counters.logins === this.#loginsBefore || !this.#simulator.devices[0]?.isActive) {
      if (Date.now() > deadline) throw new Error(`the bot was not online within ${ONLINE_WITHIN_MS} ms`);
      await sleep(20);
    }
  }

  /** An idle checkpoint begins with a new journal, and writes files after that. */
  async #inIdleCheckpoint(watcher: FolderWatch, delayMs: number): Promise<boolean> {
    const hasBegun = await watcher.sees(NEW_JOURNAL, IDLE_WITHIN_MS);
    await sleep(delayMs);
    const isWriting = watcher.hasSeen(NEW_FILE);
    const left = await this.#strike();
    return hasBegun && (!isWriting || left.some(isLeftover));
  }

  /** The checkpoint of a stop ends with no journal. */
  async #inStop(watcher: FolderWatch, delayMs: number): Promise<boolean> {
    const stopped = this.#bot.end('SIGTERM');
    const hasBegun = await watcher.sees(NEW_FILE, STOP_WITHIN_MS);
    await sleep(delayMs);
    const left = await this.#strike();
    await stopped;
    return hasBegun && left.some((name) => NEW_JOURNAL.test(name));
  }

  /** Kills the process. Resolves with the names of the files in its folder. */
  async #strike(): Promise<string[]> {
    await this.#bot.end('SIGKILL');
    this.#loginsBefore = this.#simulator.counters.logins;
    return readdirSync(this.#bot.folder);
  }
}

/** The names of all files that are made in a folder. */
class FolderWatch {
  readonly #seen = new Set<string>();
  readonly #watcher: FSWatcher;

  constructor(folder: string) {
    const old = new Set(readdirSync(folder));
    this.#watcher = watch(folder, (_event, name) => {
      if (name !== null && !old.has(name)) this.#seen.add(name);
    });
  }

  hasSeen(name: RegExp): boolean {
    return [...this.#seen].some((one) => name.test(one));
  }

  /** Resolves with whether such a name was seen within that time. */
  async sees(name: RegExp, withinMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(withinMs);
    while (!this.hasSeen(name) && !signal.aborted) {
      await once(this.#watcher, 'change', { signal }).catch(() => {});
    }
    return this.hasSeen(name);
  }

  close(): void {
    this.#watcher.close();
  }
}
