import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import makeWASocket, {
  type ConnectionState,
  makeCacheableSignalKeyStore,
  type UserFacingSocketConfig,
  useMultiFileAuthState,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { SimulatedWhatsApp } from '../../src/simulator/server.ts';

const logger = pino({ level: process.env.SIMULATOR_TEST_LOG ?? 'silent' });

/** What a client reports when it closes. */
interface Close {
  readonly code: number | undefined;
  readonly message: string | undefined;
  readonly data: { tag?: string; attrs?: Record<string, string>; reason?: string } | undefined;
}

let wa: SimulatedWhatsApp;
let folder: string;
let sockets: WASocket[];

beforeEach(async () => {
  // libsignal inside the client prints session records.
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
  sockets = [];
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  wa = new SimulatedWhatsApp();
  await wa.start();
});

afterEach(async () => {
  for (const sock of sockets) terminate(sock);
  await wa.stop();
  await rm(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
});

/** Ends the socket as a killed process would. */
function terminate(sock: WASocket): void {
  const socket: unknown = Reflect.get(sock.ws, 'socket');
  if (socket instanceof WebSocket) socket.terminate();
}

/** Rejects, naming what was awaited, when `promise` takes longer than `deadlineMs`. */
async function within<T>(promise: Promise<T>, what: string, deadlineMs = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A real client on the library's own store. `!ping` is answered with `pong`. */
class Client {
  readonly sock: WASocket;
  readonly messages: { message: WAMessage; type: string }[] = [];
  readonly qr: Promise<string>;
  readonly opened: Promise<void>;
  readonly closed: Promise<Close>;
  readonly ready: Promise<void>;
  #saved: Promise<unknown> = Promise.resolve();

  constructor(sock: WASocket, saveCreds: () => Promise<void>) {
    this.sock = sock;
    sockets.push(sock);
    sock.ev.on('creds.update', () => {
      this.#saved = this.#saved.then(saveCreds);
    });
    sock.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) {
        this.messages.push({ message, type });
        const to = message.key.remoteJid;
        if (to && !message.key.fromMe && message.message?.conversation === '!ping') {
          sock.sendMessage(to, { text: 'pong' }, { quoted: message }).catch(() => undefined);
        }
      }
    });
    const update = <T>(pick: (state: Partial<ConnectionState>) => T | undefined) =>
      new Promise<T>((resolve) => {
        sock.ev.on('connection.update', (state) => {
          const picked = pick(state);
          if (picked !== undefined) resolve(picked);
        });
      });
    this.qr = update(({ qr }) => qr);
    this.opened = update(({ connection }) => (connection === 'open' ? true : undefined)).then(
      () => undefined,
    );
    this.ready = update(({ receivedPendingNotifications }) => receivedPendingNotifications || undefined).then(
      () => undefined,
    );
    this.closed = update(({ connection, lastDisconnect }) => {
      if (connection !== 'close') return undefined;
      const error = lastDisconnect?.error as {
        output?: { statusCode: number };
        message?: string;
        data?: Close['data'];
      };
      return { code: error?.output?.statusCode, message: error?.message, data: error?.data };
    });
  }

  saved(): Promise<unknown> {
    return this.#saved;
  }

  /** As killed: nothing is said, nothing more is handled. */
  async kill(): Promise<void> {
    for (const event of ['connection.update', 'messages.upsert', 'creds.update'] as const) {
      this.sock.ev.removeAllListeners(event);
    }
    terminate(this.sock);
    await this.#saved;
  }
}

async function connect(options: Partial<UserFacingSocketConfig> = {}): Promise<Client> {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const keys = makeCacheableSignalKeyStore(state.keys, logger);
  const auth = { creds: state.creds, keys };
  const quiet = { logger, syncFullHistory: false, markOnlineOnConnect: false, retryRequestDelayMs: 10 };
  const sock = makeWASocket({ waWebSocketUrl: wa.url, ...quiet, ...options, auth });
  return new Client(sock, saveCreds);
}

async function pair(options: Partial<UserFacingSocketConfig> = {}): Promise<Client> {
  const first = await connect(options);
  await wa.phone.scan(await within(first.qr, 'the QR code'));
  await within(first.closed, 'the restart after pairing');
  await first.saved();
  const client = await connect(options);
  await within(client.opened, 'the first login');
  return client;
}

describe('pairing', () => {
  test('a client that is scanned gets 515, comes back and is open', async () => {
    const first = await connect();
    const companion = await wa.phone.scan(await within(first.qr, 'the QR code'));
    expect(await within(first.closed, 'the restart')).toMatchObject({ code: 515 });
    await first.saved();
    const second = await connect();
    await within(second.opened, 'the login');
    expect(second.sock.authState.creds.me?.id).toBe(companion.jid);
    expect(second.sock.authState.creds.registrationId).toBe(companion.registrationId);
    expect(wa.counters).toMatchObject({ pairings: 1, logins: 1 });
    expect([...companion.preKeyIds(), ...companion.handedOutPreKeyIds]).toHaveLength(812);
    expect(wa.clientVersion).toMatch(/^2\.3000\.\d+$/);
  });
});

describe('chats', () => {
  test.each(['pn', 'lid', 'mixed'] as const)(
    'a person on %s addresses writes and reads the answers',
    async (addressing) => {
      const client = await pair();
      const person = wa.addPerson({ addressing });
      for (let i = 0; i < 4; i++) {
        const { id } = await person.send('!ping');
        const answer = await person.waitForMessage(({ quotedId }) => quotedId === id);
        expect(answer).toMatchObject({ text: 'pong', attempt: 1 });
      }
      expect(person.unreadable).toEqual([]);
      expect(person.receipts).toHaveLength(4);
      expect(client.messages.filter(({ type }) => type === 'notify').length).toBeGreaterThanOrEqual(4);
    },
  );

  test('what the client did not acknowledge comes again at its next login, marked offline', async () => {
    const client = await pair();
    const person = wa.addPerson();
    const before = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === before.id);
    await client.kill();
    const waiting = [await person.send('!ping'), await person.send('!ping')];
    const again = await connect();
    await within(again.ready, 'the end of the offline messages');
    for (const { id } of waiting) await person.waitForMessage(({ quotedId }) => quotedId === id);
    const offline = again.messages.filter(({ type, message }) => type === 'append' && !message.key.fromMe);
    expect(offline.map(({ message }) => message.key.id)).toEqual(waiting.map(({ id }) => id));
  });
});
