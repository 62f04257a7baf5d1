import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { HttpConfig } from '../../../src/config/config.ts';
import type { Table } from '../../../src/core/table.ts';
import type { HttpLimits } from '../../../src/http/http-limits.ts';
import { HttpServer } from '../../../src/http/http-server.ts';
import type { KeyRow } from '../../../src/http/messages/known-keys.ts';
import type {
  Sending,
  StatusSnapshot,
  StatusSource,
  Timing,
} from '../../../src/http/status/status-source.ts';
import { FakeTable } from '../bot/fakes.ts';

export const NOW_MS = 1_700_000_000_000;

export const SNAPSHOT: StatusSnapshot = {
  nowMs: NOW_MS,
  version: '1.2.3',
  startedAtMs: NOW_MS - 3 * 86_400_000,
  situation: { kind: 'open' },
  sinceMs: NOW_MS - 60_000,
  account: { number: '+1555•••000', name: 'Bot' },
  sessionPath: './sessions',
  commandPrefix: '!',
  lastClose: { kind: 'network', sentence: 'The connection was lost.', atMs: NOW_MS - 70_000 },
  reconnects: { network: 4, 'restart-required': 1, banned: 0 },
  received: 1_234,
  answered: 1_000,
  failed: 2,
  ignored: { 'too-old': 3, 'not-a-chat': 4 },
  sent: 1_005,
  lastSentAtMs: NOW_MS - 5_000,
  queued: 6,
  reminders: 0,
  journalBytes: 45_678,
  memoryBytes: 131_900_000,
  phoneSeenAtMs: undefined,
  refusedLogins: 0,
};

/** What the page shows, as a test sets it. */
export class FakeStatus implements StatusSource {
  now: StatusSnapshot = SNAPSHOT;
  readonly changeListeners = new Set<() => void>();
  readonly timingListeners = new Set<(timing: Timing) => void>();

  snapshot(): StatusSnapshot {
    return this.now;
  }

  change(facts: Partial<StatusSnapshot>): void {
    this.now = { ...this.now, ...facts };
    for (const listener of this.changeListeners) listener();
  }

  time(timing: Timing): void {
    for (const listener of this.timingListeners) listener(timing);
  }

  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  onTiming(listener: (timing: Timing) => void): () => void {
    this.timingListeners.add(listener);
    return () => this.timingListeners.delete(listener);
  }
}

interface SentText {
  readonly key: string;
  readonly number: string;
  readonly text: string;
  acknowledge(): void;
  refuse(error: unknown): void;
}

/** A bot that sends nothing until the test says so. */
class FakeBot {
  readonly sent: SentText[] = [];
  isFast = true;

  readonly sendText = (key: string, number: string, text: string): Sending => {
    let acknowledge = (): void => {};
    let refuse: (error: unknown) => void = () => {};
    const acknowledged = new Promise<void>((resolve, reject) => {
      acknowledge = resolve;
      refuse = reject;
    });
    this.sent.push({ key, number, text, acknowledge, refuse });
    if (this.isFast) acknowledge();
    return { id: `ID-OF-${key}`, acknowledged };
  };
}

export interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly facts: object;
}

export interface Rig {
  readonly server: HttpServer;
  readonly status: FakeStatus;
  readonly bot: FakeBot;
  readonly lines: LogLine[];
  readonly port: number;
}

const running: HttpServer[] = [];
const sockets: Socket[] = [];

/** The real server, on any free port. `stopAll` ends it. */
export async function startServer(
  config: Partial<HttpConfig> = {},
  limits: Partial<HttpLimits> = {},
  keys: Table<KeyRow> = new FakeTable(),
): Promise<Rig> {
  const status = new FakeStatus();
  const bot = new FakeBot();
  const lines: LogLine[] = [];
  const write =
    (level: string) =>
    (facts: unknown, text?: unknown): void =>
      void lines.push({ level, facts: Object(facts), text: String(text ?? facts) });
  const log = { warn: write('warn'), error: write('error') };
  const server = new HttpServer({
    config: { host: '127.0.0.1', port: 0, token: undefined, ...config },
    status,
    sendText: bot.sendText,
    keys,
    log,
    limits,
  });
  running.push(server);
  await server.start();
  return { server, status, bot, lines, port: Number(new URL(server.url ?? '').port) };
}

export async function stopAll(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) await server.stop();
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One request, with headers that `fetch` would not let through. */
export function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

export function post(
  port: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return ask(port, '/messages', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export const HELLO = { to: '+1 (555) 020-0001', text: 'Hello', key: 'hello-1' };

/** A caller who writes bytes as it likes. */
export class RawCaller {
  text = '';
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  readonly socket: Socket;
  readonly #waiting = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    sockets.push(this.socket);
    this.socket.on('data', (chunk) => {
      this.text += chunk.toString();
      for (const look of this.#waiting) look();
    });
    this.socket.on('error', () => {});
    this.opened = new Promise((resolve) => this.socket.once('connect', () => resolve()));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  write(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Resolves when what came in matches; rejects with what came instead. */
  until(pattern: RegExp, deadlineMs = 5_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`never in ${deadlineMs} ms: ${pattern}, but\n${this.text}`));
      }, deadlineMs);
      const look = (): void => {
        if (!pattern.test(this.text)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** Rejects, naming what was awaited, when it takes longer than it may. */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = 5_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${deadlineMs} ms`)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
