import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The browser of this machine, if it has one. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
    existsSync(path),
  );
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--remote-debugging-port=0',
];

interface Reply {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A browser without a window, driven over its own protocol (https://chromedevtools.github.io/devtools-protocol/). */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Set<(reply: Reply) => void>();
  #lastId = 0;

  private constructor(process: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#folder = folder;
    this.#socket = socket;
    socket.on('message', (data) => {
      const reply = JSON.parse(data.toString()) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
      else for (const listener of this.#listeners) listener(reply);
    });
  }

  static async start(path: string): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), 'chromium-'));
    const process = spawn(path, [...FLAGS, `--user-data-dir=${folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const socket = new WebSocket(await devToolsUrl(process));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve).once('error', reject);
    });
    return new Chromium(process, folder, socket);
  }

  async call(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }));
    });
    this.#waiting.delete(id);
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  }

  async open(look: Look): Promise<Page> {
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    this.#listeners.add((reply) => reply.sessionId === sessionId && page.heard(reply.method, reply.params));
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.call(`${domain}.enable`);
    await page.look(look);
    return page;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    await this.call('Browser.close').catch(() => {});
    await gone;
    this.#socket.terminate();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

export class Page {
  /** Complaints of the browser: errors, and what the page's policy forbade. */
  readonly complaints: string[] = [];
  /** Addresses that were asked for. */
  readonly requested: string[] = [];
  readonly #browser: Chromium;
  readonly #sessionId: string;

  constructor(browser: Chromium, sessionId: string) {
    this.#browser = browser;
    this.#sessionId = sessionId;
  }

  call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.#browser.call(method, params, this.#sessionId);
  }

  heard(method: string | undefined, params: Record<string, unknown> = {}): void {
    if (method === 'Network.requestWillBeSent') this.requested.push((params.request as { url: string }).url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params));
    if (method === 'Log.entryAdded') this.complaints.push((params.entry as { text: string }).text);
  }

  async look({ width, height, scheme }: Look): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: width < 500 ? 2 : 1, mobile: width < 500 };
    await this.call('Emulation.setDeviceMetricsOverride', metrics);
    await this.call('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    });
  }

  async go(url: string): Promise<void> {
    await this.call('Page.navigate', { url });
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.call('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { value: T }).value;
  }

  /** Resolves when the expression is true; rejects with what was awaited and what the page shows instead. */
  async until(expression: string, deadlineMs = 15_000): Promise<void> {
    const endMs = Date.now() + deadlineMs;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > endMs) {
        const text = await this.evaluate<string>('document.body.innerText');
        throw new Error(`never in ${deadlineMs} ms: ${expression}. The page shows:\n${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The whole page, scrolled parts too. */
  async shoot(path: string): Promise<void> {
    const { data } = await this.call('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
    });
    await writeFile(path, Buffer.from(String(data), 'base64'));
  }

  async press(key: string): Promise<void> {
    for (const type of ['keyDown', 'keyUp']) {
      const code = key === 'Tab' ? 9 : 13;
      const text = key === 'Enter' && type === 'keyDown' ? { text: '\r' } : {};
      await this.call('Input.dispatchKeyEvent', {
        type,
        key,
        code: key,
        windowsVirtualKeyCode: code,
        ...text,
      });
    }
  }
}

async function devToolsUrl(process: ChildProcess): Promise<string> {
  if (!process.stderr) throw new Error('no stderr');
  for await (const line of createInterface({ input: process.stderr })) {
    const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      process.stderr.resume();
      return url;
    }
  }
  throw new Error('the browser did not start');
}
