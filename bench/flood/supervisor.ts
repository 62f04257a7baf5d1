import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BotProcess } from '../bots.ts';
import { treeOf, useOfTree } from '../process-tree.ts';

const LOOK_EVERY_MS = 100;
/** What a container's supervisor waits before it starts the program again. */
const RESTART_AFTER_MS = 1_000;

/** Runs the bot within a limit of memory as a container would: kills it above the limit, and starts it again. */
export class Supervisor {
  readonly #bot: BotProcess;
  readonly #maxBytes: number;
  readonly #writtenByPid = new Map<number, number>();
  readonly #peaks = { residentBytes: 0, largestTableBytes: 0 };
  #memoryKills = 0;
  #exits = 0;
  #timer: NodeJS.Timeout | undefined;
  #restartAtMs: number | undefined;

  constructor(bot: BotProcess, maxBytes: number) {
    this.#bot = bot;
    this.#maxBytes = maxBytes;
  }

  /** The bot must be running. What it wrote before is in the figures from here on. */
  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  /** The bot and its children: the highest sum; and what all of them gave to `write`. */
  get figures() {
    const written = [...this.#writtenByPid.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { ...this.#peaks, memoryKills: this.#memoryKills, exits: this.#exits, written };
  }

  #look(): void {
    if (!this.#bot.isRunning) {
      this.#restart();
      return;
    }
    const { residentBytes, writtenBytes } = useOfTree(this.#bot.pid);
    for (const [pid, bytes] of writtenBytes) {
      if (bytes > 0) this.#writtenByPid.set(pid, bytes);
    }
    this.#peaks.residentBytes = Math.max(this.#peaks.residentBytes, residentBytes);
    this.#peaks.largestTableBytes = Math.max(this.#peaks.largestTableBytes, largestTable(this.#bot.folder));
    if (residentBytes <= this.#maxBytes) return;
    this.#memoryKills += 1;
    for (const pid of treeOf(this.#bot.pid)) killHard(pid);
  }

  #restart(): void {
    if (this.#restartAtMs === undefined) {
      this.#restartAtMs = Date.now() + RESTART_AFTER_MS;
      this.#exits += 1;
    } else if (Date.now() >= this.#restartAtMs) {
      this.#restartAtMs = undefined;
      this.#bot.start();
    }
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** The bytes of the largest table of the session: of all files with the same name but for numbers and endings. */
function largestTable(folder: string): number {
  const sizes = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    if (!/^(?:table-|journal-)/.test(name)) continue;
    const table = name.replace(/[.\d].*$/, '');
    sizes.set(table, (sizes.get(table) ?? 0) + sizeOf(join(folder, name)));
  }
  return Math.max(0, ...sizes.values());
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
