import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import makeWASocket, {
  addTransactionCapability,
  makeCacheableSignalKeyStore,
  useMultiFileAuthState,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DurableAuthState, durableSocketConfig, useDurableAuthState } from '../../src/auth-state.ts';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';
import { silenceConsole } from './support/console.ts';
import { makeFolder } from './support/folder.ts';

const logger = pino({ level: 'silent' });
let wa: TestWhatsApp;
let folder: string;
let sockets: WASocket[];
let auth: DurableAuthState;

beforeEach(async () => {
  silenceConsole();
  wa = await startWhatsApp();
  folder = makeFolder();
  sockets = [];
});

afterEach(async () => {
  await wa.stop();
  for (const sock of sockets) sock.ev.removeAllListeners('connection.update');
  await auth.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  vi.restoreAllMocks();
});

/** The recipe of the library with one line changed, and if `isDurable`, with the options spread in. */
function recipe(isDurable: boolean) {
  return async function start(show: (qr: string) => void): Promise<WASocket> {
    auth = await useDurableAuthState(folder);
    const { state, saveCreds } = auth;
    const stock = { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) };
    const sock = makeWASocket({
      auth: stock,
      logger,
      waWebSocketUrl: wa.url,
      markOnlineOnConnect: false,
      ...(isDurable ? durableSocketConfig(auth) : {}),
    });
    sockets.push(sock);
    sock.ev.on('creds.update', saveCreds);
    sock.ev.on('connection.update', ({ qr, connection }) => {
      if (qr) show(qr);
      if (connection === 'close') void start(show);
    });
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const { key, message } of messages) {
        if (message?.conversation !== '!ping' || key.fromMe) continue;
        void sock.sendMessage(key.remoteJid ?? '', { text: 'pong' }).catch(() => undefined);
      }
    });
    return sock;
  };
}

test.each([
  ['with one line changed', false],
  ['with the socket options as well', true],
])(
  'the recipe %s pairs, answers, and its folder is read by the library after close',
  async (_, isDurable) => {
    const { bot } = wa;
    const start = recipe(isDurable);
    await bot.pair((show) => void start(show));
    const anna = wa.person('Anna');
    await anna.says('!ping');
    await anna.hears(/pong/);
    expect(auth.session.isLinked).toBe(true);
    await auth.close();
    const { state } = await useMultiFileAuthState(folder);
    expect(state.creds.me?.id).toBe(auth.state.creds.me?.id);
    expect(readdirSync(folder).some((name) => name.startsWith('journal-'))).toBe(false);
  },
);

test('a sent message is stored before it is acknowledged, and getMessage returns it after a new start', async () => {
  const { bot } = wa;
  const start = recipe(true);
  await bot.pair((show) => void start(show));
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.hears(/pong/);
  const rows = [...auth.session.rows('sent').keys()];
  expect(rows.length).toBe(1);
  await auth.close();
  auth = await useDurableAuthState(folder);
  const { getMessage } = durableSocketConfig(auth);
  const message = await getMessage?.({ id: rows[0] ?? '', remoteJid: anna.jid });
  expect(message?.extendedTextMessage?.text ?? message?.conversation).toBe('pong');
});

test('a second call for the same folder gives the same state, as a recipe needs that reconnects', async () => {
  auth = await useDurableAuthState(folder);
  expect(await useDurableAuthState(folder)).toBe(auth);
  await auth.close();
  const again = await useDurableAuthState(folder);
  expect(again).not.toBe(auth);
  auth = again;
});

/** What `makeWASocket` does with keys: it wraps them, and sends inside a transaction. */
async function sendOnNewSocket(): Promise<void> {
  const config = durableSocketConfig(auth);
  const keys = addTransactionCapability(config.auth.keys, logger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  config.makeSignalRepository?.({ creds: config.auth.creds, keys }, logger, async () => []);
  await keys.transaction(async () => {}, 'send');
}

test('a second socket of a process uses the async storages of the first, so a reconnect leaves none behind', async () => {
  auth = await useDurableAuthState(folder);
  const run = vi.spyOn(AsyncLocalStorage.prototype, 'run');
  await sendOnNewSocket();
  const used = new Set(run.mock.contexts);
  expect(used.size).toBeGreaterThan(0);
  await sendOnNewSocket();
  expect(new Set(run.mock.contexts).size).toBe(used.size);
});

test('saveCreds has written the file when it returns, and throws at once if it cannot', async () => {
  auth = await useDurableAuthState(folder);
  auth.state.creds.accountSyncCounter = 7;
  void auth.saveCreds();
  expect(JSON.parse(readFileSync(join(folder, 'creds.json'), 'utf8')).accountSyncCounter).toBe(7);
  await auth.close();
  expect(() => void auth.saveCreds()).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }));
});

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** All modules that a file loads: its own, followed, and the names of packages. Types are erased. */
function loadedBy(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  const code = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, clause = '', name = ''] of code.matchAll(/(?:import|export)\s([^;'"]*?)from\s+'([^']+)'/g)) {
    const names = clause
      .replace(/[{}\s]/g, '')
      .split(',')
      .filter(Boolean);
    const areTypes =
      clause.trimStart().startsWith('type ') ||
      (clause.includes('{') && names.every((one) => /^type(?=[A-Z])/.test(one)));
    if (areTypes) continue;
    if (name.startsWith('.')) loadedBy(join(dirname(path), name), found);
    else found.add(name);
  }
  return found;
}

test('the entry auth-state loads neither the bot, nor a logger, nor sharp', () => {
  auth = { close: async () => {} } as unknown as DurableAuthState;
  const loaded = [...loadedBy(join(SRC, 'auth-state.ts'))];
  const own = loaded
    .filter((one) => one.startsWith(SRC))
    .map((one) => relative(SRC, one).replaceAll('\\', '/'));
  expect(new Set(own.map((one) => one.split('/')[0]))).toEqual(
    new Set(['auth-state.ts', 'core', 'session', 'whatsapp']),
  );
  const packages = loaded.filter((one) => !one.startsWith(SRC) && !one.startsWith('node:'));
  expect(packages.sort()).toEqual(['@whiskeysockets/baileys', 'lru-cache']);
});
