import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitForQr } from '../src/simulator/pairing/qr-camera.ts';
import type { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..');

/**
 * `rival` is the program that `BENCH_AGAINST` names. `auth-state` is the recipe with the auth state of this project and
 * the socket options; `auth-state-line` is the recipe with only the line of the auth state changed.
 */
export type Kind = 'perennial' | 'recipe' | 'rival' | 'auth-state' | 'auth-state-line';

/** The program and its arguments. A rival gets the same environment variables; its process must be the bot itself. */
function commandOf(kind: Kind, nodeArgs: readonly string[]): readonly [string, ...string[]] {
  const node = process.env.BENCH_NODE ?? process.execPath;
  if (kind === 'rival') return ['/bin/sh', '-c', `exec ${process.env.BENCH_AGAINST ?? 'false'}`];
  if (kind === 'auth-state' || kind === 'auth-state-line') {
    const options = kind === 'auth-state' ? ['--socket-options'] : [];
    return [node, ...nodeArgs, 'bench/auth-state-bot.mjs', ...options];
  }
  if (kind === 'recipe') return [node, ...nodeArgs, 'bench/recipe.mjs'];
  return [node, ...nodeArgs, process.env.BENCH_MAIN ?? 'dist/main.js'];
}

/** Where the simulator is, and its public root key in base64. */
export interface Server {
  readonly url: string;
  readonly rootKey: string;
}

/** One bot in a process of its own. It runs the built program, so `npm run build` must have run. */
export class BotProcess {
  readonly kind: Kind;
  readonly folder: string;
  readonly #server: Server;
  readonly #env: Record<string, string>;
  readonly #nodeArgs: readonly string[];
  #child: ChildProcess | undefined;
  /** Every line the bot printed since its start. */
  lines: string[] = [];

  constructor(
    kind: Kind,
    folder: string,
    server: Server,
    env: Record<string, string> = {},
    nodeArgs: readonly string[] = [],
  ) {
    this.kind = kind;
    this.folder = folder;
    this.#server = server;
    this.#env = env;
    this.#nodeArgs = nodeArgs;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    this.lines = [];
    const [program, ...args] = commandOf(this.kind, this.#nodeArgs);
    const child = spawn(program, args, {
      cwd: ROOT,
      env: {
        ...process.env,
        SESSION_PATH: this.folder,
        WA_WEBSOCKET_URL: this.#server.url,
        WA_ROOT_KEY: this.#server.rootKey,
        LOG_FORMAT: 'json',
        TYPING_DELAY_MS: '0',
        SENDS_PER_MINUTE: '0',
        SENDS_PER_CHAT_PER_MINUTE: '0',
        RECONNECT_DELAY_MS: '50',
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.#child = child;
  }

  /** Pairs it with the simulator's phone. */
  async pair(simulator: SimulatedWhatsApp, withinMs = 30_000): Promise<void> {
    const opened = nextOpened(simulator, withinMs);
    // If the scan fails first, the caller gets that error, and nobody awaits this promise.
    opened.catch(() => {});
    const qr = await this.#anyQr(withinMs);
    await simulator.phone.scan(qr);
    await opened;
  }

  /** The text of the QR code: perennial draws a picture in its folder, the recipe prints a line, a rival does either. */
  #anyQr(withinMs: number): Promise<string> {
    const drawn = () => this.shownQr(AbortSignal.timeout(withinMs));
    const printed = () => this.#lineWith('QR ', withinMs);
    if (this.kind === 'perennial') return drawn();
    return this.kind === 'rival' ? Promise.any([drawn(), printed()]) : printed();
  }

  /** The text of the QR code in the picture in its folder. Not for the recipe. */
  shownQr(signal: AbortSignal): Promise<string> {
    return waitForQr(join(this.folder, 'qr-code.png'), signal);
  }

  async #lineWith(start: string, withinMs: number): Promise<string> {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline) {
      const line = this.lines.find((candidate) => candidate.startsWith(start));
      if (line) return line.slice(start.length);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the bot did not print ${start} within ${withinMs} ms`);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || !this.isRunning) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** Resolves at the next login. */
export function nextOpened(simulator: SimulatedWhatsApp, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no login within ${withinMs} ms`)), withinMs);
    simulator.events.once('opened', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
