import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitForQr } from '../../../src/simulator/pairing/qr-camera.ts';
import type { Person } from '../../../src/simulator/phones/person.ts';
import { SimulatedWhatsApp } from '../../../src/simulator/server/simulated-whatsapp.ts';
import { within } from '../../integration/support/deadline.ts';
import { makeFolder } from '../../integration/support/folder.ts';

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the start of the process. */
  readonly afterMs: number;
}

interface RunOptions {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Signals go to its children too, as a terminal sends Ctrl+C. */
  readonly isGroup?: boolean;
}

/** How long a process may take to get somewhere on a machine that is busy with other things. */
const PATIENCE_MS = 20_000;

/** The program as a process, and all it says. */
export class BotProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #isGroup: boolean;
  readonly #events = new EventEmitter<{ said: [] }>();
  #output = '';

  constructor({ command: [file, ...args], cwd, env = {}, uid, isGroup = false }: RunOptions) {
    const beganAtMs = performance.now();
    this.#isGroup = isGroup;
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(file, args, {
      cwd,
      env: { PATH, HOME, LOG_FORMAT: 'pretty', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isGroup,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        this.#output += text;
        this.#events.emit('said');
      });
    }
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) =>
        resolve({ code, signal, afterMs: performance.now() - beganAtMs }),
      );
    });
  }

  /** Everything on stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  get lines(): string[] {
    return this.#output.split('\n');
  }

  /** Resolves when `text` was said, `times` times. */
  async said(text: string, times = 1, deadlineMs = PATIENCE_MS): Promise<void> {
    const isSaid = () => this.#output.split(text).length > times;
    if (isSaid()) return;
    const saying = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!isSaid()) return;
        this.#events.off('said', look);
        resolve();
      };
      this.#events.on('said', look);
      void this.exited.then(({ code }) => {
        if (!isSaid()) reject(new Error(`it ended with ${code} and did not say ${text}:\n${this.#output}`));
      });
    });
    await within(saying, `the line ${text}`, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${this.#output}`);
    });
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (!this.#isGroup || pid === undefined) this.#child.kill(signal);
    else {
      try {
        process.kill(-pid, signal);
      } catch {
        // All of them have ended.
      }
    }
  }

  exit(deadlineMs = PATIENCE_MS): Promise<Exit> {
    return within(this.exited, 'the exit of the process', deadlineMs);
  }

  /** Asks it to stop, and says how long that took. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<{ code: number | null; stopMs: number }> {
    const beganAtMs = performance.now();
    this.signal(signal);
    const { code } = await this.exit();
    return { code, stopMs: performance.now() - beganAtMs };
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exit();
  }
}

/** A WhatsApp, a session folder, and the processes that a test runs on them. */
export class Stage {
  readonly wa = new SimulatedWhatsApp();
  readonly root = makeFolder();
  readonly sessions = join(this.root, 'sessions');
  readonly #run: Omit<RunOptions, 'env'>;
  readonly #processes: BotProcess[] = [];

  constructor(run: Omit<RunOptions, 'env'>) {
    this.#run = run;
  }

  async start(
    env: Readonly<Record<string, string>> = {},
    run: Partial<RunOptions> = {},
  ): Promise<BotProcess> {
    await this.wa.start();
    const bot = new BotProcess({
      ...this.#run,
      ...run,
      env: {
        SESSION_PATH: this.sessions,
        WA_WEBSOCKET_URL: this.wa.url,
        WA_ROOT_KEY: this.wa.rootKey,
        TYPING_DELAY_MS: '0',
        SENDS_PER_MINUTE: '0',
        SENDS_PER_CHAT_PER_MINUTE: '0',
        ...env,
      },
    });
    this.#processes.push(bot);
    return bot;
  }

  /** `start` and `scan`. */
  async pair(env: Readonly<Record<string, string>> = {}, run: Partial<RunOptions> = {}): Promise<BotProcess> {
    mkdirSync(this.sessions, { mode: 0o700 });
    const bot = await this.start(env, run);
    await this.scan(bot);
    return bot;
  }

  /** Starts a bot that is linked. Resolves when it is connected. */
  async open(env: Readonly<Record<string, string>> = {}, run: Partial<RunOptions> = {}): Promise<BotProcess> {
    const bot = await this.start(env, run);
    await bot.said('WhatsApp connection established');
    return bot;
  }

  /** Scans the picture of the QR of a bot that was started. */
  async scan(bot: BotProcess): Promise<void> {
    const qr = await waitForQr(join(this.sessions, 'qr-code.png'), AbortSignal.timeout(PATIENCE_MS));
    await this.wa.phone.scan(qr);
    await bot.said('WhatsApp connection established');
  }

  /** A command and its answer. */
  async ping(person: Person): Promise<void> {
    const { id } = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === id, PATIENCE_MS);
  }

  /** Kills what a test left running. */
  async killAll(): Promise<void> {
    for (const bot of this.#processes.splice(0)) await bot.kill();
  }

  async clear(): Promise<void> {
    await this.killAll();
    await this.wa.stop();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
}
