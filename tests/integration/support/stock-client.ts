import { rm } from 'node:fs/promises';
import makeWASocket, {
  type ConnectionState,
  makeCacheableSignalKeyStore,
  type UserFacingSocketConfig,
  useMultiFileAuthState,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import { afterEach, beforeEach, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  SimulatedWhatsApp,
  type SimulatorOptions,
} from '../../../src/simulator/server/simulated-whatsapp.ts';
import { silenceConsole } from './console.ts';
import { within } from './deadline.ts';
import { copyFolder, makeFolder } from './folder.ts';
import { useMostPreKeys } from './used-pre-keys.ts';

const logger = pino({ level: process.env.SIMULATOR_TEST_LOG ?? 'silent' });

/** What a client reports when it closes. */
export interface Close {
  readonly code: number | undefined;
  readonly message: string | undefined;
  readonly data: { tag?: string; attrs?: Record<string, string>; reason?: string } | undefined;
}

/** Ends the socket as a killed process would. */
export function terminate(sock: WASocket): void {
  const socket: unknown = Reflect.get(sock.ws, 'socket');
  if (socket instanceof WebSocket) socket.terminate();
}

/** An unmodified Baileys client on the library's own store. `!ping` is answered with `pong`. */
export class StockClient {
  readonly sock: WASocket;
  readonly messages: { message: WAMessage; type: string }[] = [];
  readonly qr: Promise<string>;
  readonly opened: Promise<void>;
  readonly closed: Promise<Close>;
  readonly ready: Promise<void>;
  /** The phone's history has arrived. Until then a client holds its events back. */
  readonly settled: Promise<void>;
  #saved: Promise<unknown> = Promise.resolve();

  constructor(sock: WASocket, saveCreds: () => Promise<void>) {
    this.sock = sock;
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
    this.settled = new Promise((resolve) => {
      sock.ev.on('creds.update', ({ accountSyncCounter }) => accountSyncCounter && resolve());
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

  /** Ends the client as a killed process: it handles no more events. */
  async kill(): Promise<void> {
    for (const event of ['connection.update', 'messages.upsert', 'creds.update'] as const) {
      this.sock.ev.removeAllListeners(event);
    }
    terminate(this.sock);
    await this.#saved;
  }
}

/** A simulator and unmodified clients on one session folder, made anew for each test. */
class StockRig {
  readonly wa: SimulatedWhatsApp;
  folder = '';
  readonly #sockets: WASocket[] = [];

  constructor(options: SimulatorOptions = {}) {
    this.wa = new SimulatedWhatsApp(options);
  }

  async start(): Promise<void> {
    this.folder = makeFolder();
    await this.wa.start();
  }

  async connect(options: Partial<UserFacingSocketConfig> = {}): Promise<StockClient> {
    const { state, saveCreds } = await useMultiFileAuthState(this.folder);
    const keys = makeCacheableSignalKeyStore(state.keys, logger);
    const auth = { creds: state.creds, keys };
    const quiet = { logger, syncFullHistory: false, markOnlineOnConnect: false, retryRequestDelayMs: 10 };
    const sock = makeWASocket({ waWebSocketUrl: this.wa.url, ...quiet, ...options, auth });
    this.#sockets.push(sock);
    return new StockClient(sock, saveCreds);
  }

  /** A logged-in client that was linked earlier: account and folder are copies of a pairing that is done once. */
  async pair(options: Partial<UserFacingSocketConfig> = {}): Promise<StockClient> {
    pairing ??= pairOnce();
    const once = await pairing;
    this.wa.adoptAccount(once.wa);
    copyFolder(once.folder, this.folder);
    const client = await this.connect(options);
    await within(client.ready, 'the login');
    return client;
  }

  /** Scans the QR code and resolves when the client is logged in and has the phone's history. */
  async pairAnew(options: Partial<UserFacingSocketConfig> = {}): Promise<StockClient> {
    const first = await this.connect(options);
    await this.wa.phone.scan(await within(first.qr, 'the QR code'));
    await within(first.closed, 'the restart after pairing');
    await first.saved();
    const client = await this.connect(options);
    await within(client.opened, 'the first login');
    await within(client.settled, 'the history of the phone');
    await client.saved();
    return client;
  }

  async destroy(): Promise<void> {
    for (const sock of this.#sockets) terminate(sock);
    await this.wa.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
}

/** The pairing that `pair` copies. Each worker pairs once. */
let pairing: Promise<StockRig> | undefined;

async function pairOnce(): Promise<StockRig> {
  const rig = new StockRig();
  await rig.start();
  const client = await rig.pairAnew();
  await client.kill();
  await rig.wa.stop();
  useMostPreKeys(rig.wa, rig.folder);
  return rig;
}

/** Registers the hooks that make a rig before each test and destroy it after. */
export function useStockRig(): { readonly rig: StockRig; readonly wa: SimulatedWhatsApp } {
  let current: StockRig | undefined;
  const rig = (): StockRig => {
    if (!current) throw new Error('the rig exists only while a test runs');
    return current;
  };
  beforeEach(async () => {
    silenceConsole();
    current = new StockRig();
    await current.start();
  });
  afterEach(async () => {
    await current?.destroy();
    vi.restoreAllMocks();
  });
  return {
    get rig() {
      return rig();
    },
    get wa() {
      return rig().wa;
    },
  };
}
