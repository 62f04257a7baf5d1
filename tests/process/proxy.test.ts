import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { waitForQr } from '../../src/simulator/pairing/qr-camera.ts';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { type ProxyOptions, TestProxy } from '../integration/support/proxies.ts';
import { copyProgram, type Program } from './support/program.ts';

const credentials = { user: 'bot', password: 'pass-w%rd/of:proxy' };

let program: Program;
let wa: SimulatedWhatsApp;
let folder: string;
let proxy: TestProxy;
let bot: ProxiedBot | undefined;

/** The program as people run it: only so does it trust the certificates that it is told to. */
class ProxiedBot {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, ['dist/main.js'], {
      cwd: program.folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_FORMAT: 'json', LOG_LEVEL: 'trace', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((resolve) => this.#process.once('exit', resolve));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
  }

  count(text: string): number {
    return this.lines.filter((line) => line.includes(text)).length;
  }

  printed(text: string, times = 1): Promise<void> {
    const look = (): void => {
      if (this.count(text) < times)
        throw new Error(`not printed: ${text}\n${this.lines.slice(-30).join('\n')}`);
    };
    return vi.waitFor(look, { timeout: 20_000, interval: 50 });
  }

  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }
}

beforeAll(() => {
  program = copyProgram();
});

afterAll(() => program.remove());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-proxy-'));
  wa = new SimulatedWhatsApp();
  await wa.start();
});

afterEach(async () => {
  await bot?.stop();
  bot = undefined;
  await proxy.stop();
  await wa.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startProxy(options: ProxyOptions): Promise<void> {
  proxy = new TestProxy({ ...options, identity: wa.media.identity });
  await proxy.start();
}

function startBot(proxyUrl = proxy.url): ProxiedBot {
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, wa.media.identity.cert);
  bot = new ProxiedBot({
    SESSION_PATH: join(folder, 'sessions'),
    WA_WEBSOCKET_URL: wa.url,
    WA_ROOT_KEY: wa.rootKey,
    PROXY_URL: proxyUrl,
    NODE_EXTRA_CA_CERTS: ca,
    RECONNECT_DELAY_MS: '200',
    TYPING_DELAY_MS: '0',
    // Whatever a library prints for whoever looks for bugs in it.
    DEBUG: '*',
    NODE_DEBUG: 'http,https,net,tls,undici',
  });
  return bot;
}

async function pair(started: ProxiedBot): Promise<void> {
  await wa.phone.scan(await waitForQr(join(folder, 'sessions', 'qr-code.png'), AbortSignal.timeout(20_000)));
  await started.printed('✅ WhatsApp connection established');
}

async function ping(): Promise<void> {
  const person = wa.addPerson();
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id, 15_000);
}

const ways: [string, ProxyOptions][] = [
  ['http', { kind: 'http' }],
  ['http with credentials', { kind: 'http', credentials }],
  ['https with credentials', { kind: 'https', credentials }],
  ['socks5', { kind: 'socks5' }],
  ['socks5 with credentials', { kind: 'socks5', credentials }],
];

describe.each(ways)('through %s', (_, options) => {
  test('through a proxy the bot pairs, answers, takes a picture and sends a sticker, and every connection goes through it', async () => {
    await startProxy(options);
    const started = startBot();
    await pair(started);
    await ping();

    const person = wa.addPerson();
    const data = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    await person.sendMedia({ type: 'image', data, mimetype: 'image/png', caption: '!sticker' });
    const answer = await person.waitForMessage(({ message }) => message.stickerMessage != null, 15_000);
    expect((await sharp(person.download(answer).data).metadata()).width).toBe(512);

    const server = new URL(wa.url).host;
    // The pairing and the login after it; the picture down and the sticker up.
    expect(proxy.targets.filter((target) => target === server)).toHaveLength(wa.counters.connections);
    expect(proxy.targets.filter((target) => target === wa.media.host).length).toBeGreaterThanOrEqual(2);
    expect(await started.stop()).toBe(0);
    const { user, password } = credentials;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    for (const secret of [password, encodeURIComponent(password), basic]) {
      expect(started.lines.filter((line) => line.includes(secret))).toEqual([]);
    }
  });
});

describe('when the proxy', () => {
  test('a proxy that is down or closes connections counts as a network failure, and the bot connects again by itself', async () => {
    await startProxy({ kind: 'http', credentials });
    await proxy.stop();
    const started = startBot();
    await started.printed('The connection was closed', 2);
    await proxy.start();
    await pair(started);

    const closes = started.count('The connection was closed');
    proxy.cut();
    await started.printed('The connection was closed', closes + 1);
    await started.printed('✅ WhatsApp connection established', 2);
    await ping();
    expect(started.count('Authentication failed')).toBe(0);
  });

  test.each([
    ['http', [401, 403, 407]],
    ['socks5', [1, 2, 5]],
  ] as const)(
    'if a %s proxy refuses with %j, no line speaks of authentication or a logout',
    async (kind, refusals) => {
      await startProxy({ kind, credentials });
      proxy.refusal = refusals[0];
      const started = startBot();
      for (const [index, refusal] of refusals.entries()) {
        proxy.refusal = refusal;
        // One may have been on its way with the refusal before.
        await started.printed('The connection was closed', (index + 1) * 2);
      }
      expect(started.count('Authentication failed')).toBe(0);
      expect(started.count('Logged out')).toBe(0);
      expect(started.count('probably gone')).toBe(0);
      expect(started.count(`through the proxy ${new URL(proxy.url).host}`)).toBeGreaterThanOrEqual(6);

      proxy.refusal = undefined;
      await pair(started);
      expect(started.lines.join('\n')).not.toContain(credentials.password);
    },
  );

  test('if the password of the proxy is wrong, the log names the setting and not the password', async () => {
    await startProxy({ kind: 'http', credentials });
    const started = startBot(proxy.url.replace(/:[^:@]*@/, ':wrong-secret@'));
    await started.printed('check user and password in PROXY_URL', 2);
    expect(started.lines.join('\n')).not.toContain('wrong-secret');
    expect(started.count('Authentication failed')).toBe(0);
  });

  test('if the proxy fails during a download, the person is told and the bot runs on', async () => {
    await startProxy({ kind: 'http' });
    const started = startBot();
    await pair(started);
    const person = wa.addPerson();
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const data = await sharp({
      create: { width: 1500, height: 1500, channels: 3, background: 'white', noise },
    })
      .png()
      .toBuffer();
    proxy.cutAfterBytes = 500_000;
    const { id } = await person.sendMedia({
      type: 'image',
      data,
      mimetype: 'image/png',
      caption: '!sticker',
    });
    const answer = await person.waitForMessage(({ quotedId }) => quotedId === id, 15_000);
    expect(answer.text).toContain('could not fetch');
    proxy.cutAfterBytes = undefined;
    await ping();
  });
});
