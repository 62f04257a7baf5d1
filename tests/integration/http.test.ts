import { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { App } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { waitForQr } from '../../src/simulator/pairing/qr-camera.ts';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { silenceConsole } from './support/console.ts';
import { makeFolder } from './support/folder.ts';

let folder: string;
let wa: SimulatedWhatsApp;
let app: App | undefined;
let log: string;

beforeEach(async () => {
  silenceConsole();
  folder = makeFolder();
  log = '';
  wa = new SimulatedWhatsApp();
  await wa.start();
});

afterEach(async () => {
  await app?.stop();
  app = undefined;
  await wa.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  vi.restoreAllMocks();
});

/** The whole program in this process. Resolves with the address of its page, once it has said it. */
async function startApp(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const config = loadConfig({
    SESSION_PATH: join(folder, 'sessions'),
    WA_WEBSOCKET_URL: wa.url,
    WA_ROOT_KEY: wa.rootKey,
    HTTP_PORT: '0',
    TYPING_DELAY_MS: '0',
    RECONNECT_DELAY_MS: '50',
    ...settings,
  });
  const stream = { write: (line: string) => void (log += line) };
  app = new App(config, {
    log: createLogger({ level: 'info', format: 'json', isTerminal: false, stream }),
    output: { write: () => undefined },
    isTerminal: false,
    terminalSize: () => undefined,
    isDevelopment: false,
    requests: new EventEmitter(),
  });
  void app.start();
  await expect.poll(() => log, { timeout: 10_000 }).toMatch(/"url":"http|"code":"EADDRINUSE"/);
  return /"url":"(http:[^"]+)"/.exec(log)?.[1] ?? '';
}

async function link(): Promise<void> {
  const qr = await waitForQr(join(folder, 'sessions', 'qr-code.png'), AbortSignal.timeout(15_000));
  await wa.phone.scan(qr);
}

const readiness = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;

test('a script sends a message through the bot once for each key, and the metrics count it', async () => {
  const friend = wa.addPerson({ name: 'Friend' });
  const url = await startApp();
  const post = (text: string): Promise<Response> =>
    fetch(`${url}/messages`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'order-17' },
      body: JSON.stringify({ to: `+${friend.number}`, text }),
    });
  expect((await post('too early')).status).toBe(503);
  expect(await readiness(url)).toBe(503);

  await link();
  await expect.poll(() => readiness(url), { timeout: 15_000 }).toBe(200);
  const sent = await post('Your order is ready.');
  expect(sent.status).toBe(200);
  const { id } = (await sent.json()) as { id: string };
  expect(await friend.waitForMessage((message) => message.id === id)).toMatchObject({
    text: 'Your order is ready.',
  });
  expect(await (await post('Your order is ready.')).json()).toMatchObject({ id });
  expect((await post('Something else.')).status).toBe(409);

  const ping = await friend.send('!ping');
  await friend.waitForMessage((message) => message.quotedId === ping.id);
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  await expect.poll(metrics).toMatch(/^perennial_sends_acknowledged_total 2$/m);
  const text = await metrics();
  expect(text).toMatch(/^perennial_messages_received_total 1$/m);
  expect(text).toMatch(/^perennial_messages_total\{outcome="ran"\} [1-9]\d*$/m);
  expect(text).toMatch(/^perennial_table_rows\{table="http-keys"\} 1$/m);
  expect(text).toMatch(/^perennial_send_duration_seconds_count 2$/m);
  expect(text).toMatch(/^perennial_reply_latency_seconds_count 1$/m);
  expect(text).toMatch(/^perennial_reconnects_total\{reason="restart-required"\} 1$/m);
  expect(text).not.toContain(friend.number);
  expect(log).not.toContain('Your order');
});

test('the same key after a restart is the same message', async () => {
  const friend = wa.addPerson({ name: 'Friend' });
  const post = async (url: string): Promise<unknown> => {
    await expect.poll(() => readiness(url), { timeout: 15_000 }).toBe(200);
    const body = JSON.stringify({ to: friend.number, text: 'Once.', key: 'order-18' });
    const headers = { 'Content-Type': 'application/json' };
    const reply = await fetch(`${url}/messages`, { method: 'POST', headers, body });
    expect(reply.status).toBe(200);
    return reply.json();
  };
  const url = await startApp();
  await link();
  const first = await post(url);
  await app?.stop();
  log = '';
  const app2Url = await startApp();
  const second = await post(app2Url);
  expect(second).toEqual(first);
  const other = JSON.stringify({ to: friend.number, text: 'Twice.', key: 'order-18' });
  const headers = { 'Content-Type': 'application/json' };
  const conflict = await fetch(`${app2Url}/messages`, { method: 'POST', headers, body: other });
  expect(conflict.status).toBe(409);
  // It went out twice under one id, and the phone showed it once.
  await expect.poll(() => friend.duplicates).toBe(1);
  expect(friend.inbox.filter(({ text }) => text === 'Once.')).toHaveLength(1);
});

test('the metrics count reconnects by their reason, and the page stops with the bot', async () => {
  const url = await startApp();
  await link();
  await expect.poll(() => readiness(url), { timeout: 15_000 }).toBe(200);
  wa.faults.dropConnection();
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  await expect
    .poll(metrics, { timeout: 15_000 })
    .toMatch(/^perennial_reconnects_total\{reason="network"\} 1$/m);
  await expect.poll(() => readiness(url), { timeout: 15_000 }).toBe(200);
  await app?.stop();
  await expect(fetch(`${url}/healthz`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});

test('if the port is in use, one line says so, and the bot runs', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await startApp({ HTTP_PORT: String(port) });
    const about = log.split('\n').filter((line) => line.includes('EADDRINUSE'));
    expect(about).toHaveLength(1);
    expect(JSON.parse(about[0] ?? '{}')).toMatchObject({
      level: 'warn',
      code: 'EADDRINUSE',
      msg: expect.stringMatching(new RegExp(` ${port} on 127\\.0\\.0\\.1 .* HTTP_PORT\\.$`)),
    });
    await link();
    await expect.poll(() => log, { timeout: 15_000 }).toContain('WhatsApp connection established');
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});
