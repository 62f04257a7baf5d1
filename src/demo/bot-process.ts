import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../config/settings.ts';
import { QR_HEADING } from '../pairing/qr-terminal.ts';

export interface BotProcessEvents {
  printed: [line: string];
  showed: [code: readonly string[]];
  /** `isAsked`: by `kill` or `stop`. */
  ended: [code: number | null, signal: NodeJS.Signals | null, isAsked: boolean];
}

/** From the sources tsx runs it; in the package it is JavaScript. */
const PROGRAM = import.meta.url.endsWith('.ts')
  ? ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('../main.ts', import.meta.url))]
  : [fileURLToPath(new URL('../main.js', import.meta.url))];
const KEPT_LINES = 200;
const LAST_LINES = 12;
const STOP_WITHIN_MS = 5_000;

/** The bot as people run it, in a process of its own: started, killed and started again. */
export class BotProcess extends EventEmitter<BotProcessEvents> {
  /** The last lines of its log. */
  readonly lines: string[] = [];
  readonly #folder: string;
  readonly #args: readonly string[];
  #code: readonly string[] | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isAsked = false;
  #startedAtMs = 0;

  /** It runs in `folder`, so that no `.env` of the project is read. */
  constructor(folder: string, projects: readonly string[]) {
    super();
    this.#folder = folder;
    this.#args = ['--reload', ...projects.flatMap((project) => ['--project', resolve(project)])];
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The QR code that it showed last since its start. */
  get code(): readonly string[] | undefined {
    return this.#code;
  }

  /** The newest twelve of `lines`. */
  get lastLines(): string[] {
    return this.lines.slice(-LAST_LINES);
  }

  /** Milliseconds since the last start. */
  get ageMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  start(env: NodeJS.ProcessEnv): void {
    if (this.#child) return;
    const child = spawn(process.execPath, [...PROGRAM, ...this.#args], {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#isAsked = false;
    this.#code = undefined;
    this.#startedAtMs = performance.now();
    const output = new BotLines();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#read(output, line));
    }
    this.#ended = new Promise((resolve) => {
      // Not `exit`: its last lines come first.
      child.once('close', (code, signal) => {
        this.#child = undefined;
        this.emit('ended', code, signal, this.#isAsked);
        resolve();
      });
    });
    // `close` follows.
    child.once('error', (error) => this.#read(output, error.message));
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#isAsked = true;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Sends SIGTERM. Kills the process if it still runs after five seconds. */
  async stop(): Promise<void> {
    this.#isAsked = true;
    const child = this.#child;
    child?.kill('SIGTERM');
    const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** For the end of our own process, when nothing is awaited any more. */
  killNow(): void {
    this.#child?.kill('SIGKILL');
  }

  #read(output: BotLines, line: string): void {
    const part = output.read(line);
    if (part?.kind === 'qr') {
      this.#code = part.code;
      this.emit('showed', part.code);
    }
    if (part?.kind !== 'line') return;
    this.lines.push(part.text);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    this.emit('printed', part.text);
  }
}

/** Settings that a visitor may give to the demo, too: the status page is worth a look. */
const PASSED_ON = new Set(['HTTP_PORT', 'HTTP_HOST', 'HTTP_TOKEN']);

export interface BotEnvOptions {
  /** Where the simulator is. */
  readonly url: string;
  /** Its public root key, in base64. */
  readonly rootKey: string;
  /** The certificate of its host for files. */
  readonly certificatePath: string;
}

/** The environment of the demo's bot: the visitor's own, with the demo's settings in the place of theirs. */
export function botEnv(env: NodeJS.ProcessEnv, options: BotEnvOptions): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !(name in SETTINGS) || PASSED_ON.has(name));
  return {
    ...Object.fromEntries(others),
    SESSION_PATH: './sessions',
    WA_WEBSOCKET_URL: options.url,
    WA_ROOT_KEY: options.rootKey,
    NODE_EXTRA_CA_CERTS: options.certificatePath,
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'pretty',
    RECONNECT_DELAY_MS: '2000',
    // A visitor must not wait for a burst, so the bot is not paced.
    TYPING_DELAY_MS: '10',
    SENDS_PER_MINUTE: '0',
    SENDS_PER_CHAT_PER_MINUTE: '0',
    // Under npm the bot ends with its parent: also if this process is killed.
    npm_lifecycle_event: 'demo',
  };
}

type BotOutput =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'qr'; readonly code: readonly string[] };

/** Tells log lines and QR codes apart in what the bot prints. Drops the hints under a code. */
export class BotLines {
  #code: string[] | undefined;
  #isInHints = false;

  /** The output that this line completes. Undefined if it completes none. */
  read(line: string): BotOutput | undefined {
    if (line.includes(QR_HEADING)) {
      this.#code = [];
      return undefined;
    }
    if (this.#code !== undefined) {
      if (/^[█▀▄ ]+$/.test(line)) {
        this.#code.push(line);
        return undefined;
      }
      const code = this.#code;
      this.#code = undefined;
      this.#isInHints = line !== '';
      return { kind: 'qr', code };
    }
    if (this.#isInHints) {
      this.#isInHints = line !== '';
      return undefined;
    }
    return line === '' ? undefined : { kind: 'line', text: line };
  }
}
