import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { type Logger, levels, pino } from 'pino';
import { type Clock, sleep } from '../../../src/core/clock.ts';
import { isAppError } from '../../../src/core/errors.ts';
import type { IncomingMessage } from '../../../src/core/messages/incoming-message.ts';
import { baileysLogger } from '../../../src/logging/baileys-logger.ts';
import { guardConsole } from '../../../src/logging/console-guard.ts';
import { type FileSystem, realFileSystem } from '../../../src/session/folder/file-system.ts';
import { openSession, type Session } from '../../../src/session/session-store.ts';
import type { Person } from '../../../src/simulator/phones/person.ts';
import {
  SimulatedWhatsApp,
  type SimulatorOptions,
} from '../../../src/simulator/server/simulated-whatsapp.ts';
import type { ClientOptions } from '../../../src/whatsapp/client-parts.ts';
import type { ClientState, StopReason } from '../../../src/whatsapp/client-state.ts';
import type { CloseReason } from '../../../src/whatsapp/connection/close-reason.ts';
import { WhatsAppClient } from '../../../src/whatsapp/whatsapp-client.ts';
import { within } from './deadline.ts';
import { copyFolder, makeFolder, snapshot } from './folder.ts';
import { allowUnheardLosses } from './unheard.ts';
import { useMostPreKeys } from './used-pre-keys.ts';

/** A wait of the client, which lasts until the test ends it. */
interface Wait {
  readonly ms: number;
  finish(): void;
}

type StateOf<K extends ClientState['kind']> = Extract<ClientState, { kind: K }>;

interface RigEvents {
  waiting: [wait: Wait];
  line: [line: string];
}

export interface RigOptions {
  readonly simulator?: SimulatorOptions;
  readonly fs?: FileSystem;
  readonly client?: Partial<ClientOptions>;
  /** Whether the client waits by itself, as in production. Default false. */
  readonly hasRealWaits?: boolean;
  /** Whether `!ping` is answered with `pong`. Default true. */
  readonly answers?: boolean;
}

let paired: Promise<{ readonly wa: SimulatedWhatsApp; readonly folder: string }> | undefined;

/** A linked session that no test changes. */
export function pairedOnce(): NonNullable<typeof paired> {
  paired ??= (async () => {
    const rig = new Rig();
    await rig.pairAnew();
    await rig.stop();
    await rig.wa.stop();
    useMostPreKeys(rig.wa, rig.folder);
    return { wa: rig.wa, folder: rig.folder };
  })();
  return paired;
}

/** A client on a folder of its own, against a WhatsApp of its own, on a clock that the test moves. */
export class Rig {
  readonly wa: SimulatedWhatsApp;
  readonly folder = makeFolder();
  readonly waits: Wait[] = [];
  readonly states: ClientState[] = [];
  readonly closes: CloseReason[] = [];
  readonly received: IncomingMessage[] = [];
  /** The log from `info` on, as `level text`. */
  readonly lines: string[] = [];
  /** The facts of those lines, with the word of the level. */
  readonly facts: object[] = [];
  /** What has been added to the real time. */
  aheadMs = 0;
  /** By how much the clock on the wall is wrong. */
  clockErrorMs = 0;
  /** The time of the client. Its waits last until the test ends them, but for `hasRealWaits`. */
  readonly clock: Clock = {
    now: () => Date.now() + this.aheadMs + this.clockErrorMs,
    upMs: () => performance.now() + this.aheadMs,
    sleep: (ms, signal) => (this.#options.hasRealWaits ? sleep(ms, signal) : this.#wait(ms, signal)),
  };
  readonly #options: RigOptions;
  readonly #events = new EventEmitter<RigEvents>();
  readonly #log: Logger;
  readonly #giveConsoleBack: () => void;
  #over = new AbortController();
  #session: Session | undefined;
  #client: WhatsAppClient | undefined;
  #running: Promise<StopReason> | undefined;
  #waitsSeen = 0;
  /** As the program's intake does: a message comes in the context of a key transaction. */
  readonly #inCleanContext = AsyncLocalStorage.snapshot();

  constructor(options: RigOptions = {}) {
    allowUnheardLosses();
    this.#options = options;
    this.wa = new SimulatedWhatsApp(options.simulator);
    this.#events.setMaxListeners(0);
    const write = (json: string): void => {
      const { level, msg, ...facts } = JSON.parse(json) as { level: number; msg: string };
      const line = `${levels.labels[level]} ${msg}`;
      this.lines.push(line);
      this.facts.push({ ...facts, level: levels.labels[level] });
      this.#events.emit('line', line);
    };
    this.#log = pino({ level: 'info' }, { write });
    // libsignal prints session records.
    this.#giveConsoleBack = guardConsole(this.#log);
  }

  get session(): Session {
    if (!this.#session) throw new Error('the session is not open');
    return this.#session;
  }

  get client(): WhatsAppClient {
    if (!this.#client) throw new Error('there is no client');
    return this.#client;
  }

  /** What `start()` of the client resolves with. */
  get running(): Promise<StopReason> {
    if (!this.#running) throw new Error('the client was not started');
    return this.#running;
  }

  /** Opens the session and makes a client that is not started. */
  async prepare(more: Partial<ClientOptions> = {}): Promise<WhatsAppClient> {
    await this.wa.start();
    this.#over = new AbortController();
    this.#session = await openSession(this.folder, {
      log: this.#log,
      fs: this.#options.fs ?? realFileSystem,
      onFailure: (error) => this.#client?.storageFailed(error),
    });
    const client = new WhatsAppClient({
      session: this.#session,
      sessionPath: './sessions',
      socket: {
        url: this.wa.url,
        rootKey: Buffer.from(this.wa.rootKey, 'base64'),
        version: undefined,
        agent: undefined,
        dispatcher: undefined,
        connectTimeoutMs: 5_000,
        keepAliveIntervalMs: 30_000,
      },
      reconnect: { delayMs: 5_000, maxDelayMs: 300_000 },
      pairingNumber: undefined,
      log: this.#log,
      baileysLog: baileysLogger(this.#log),
      lookUpVersion: async () => undefined,
      clock: this.clock,
      random: () => 0,
      ...this.#options.client,
      ...more,
    });
    client.on('changed', (state) => this.states.push(state));
    client.on('closed', (reason) => this.closes.push(reason));
    client.on('received', (message) => {
      this.received.push(message);
      if (this.#options.answers ?? true) void this.#inCleanContext(() => this.#answer(client, message));
    });
    this.#client = client;
    return client;
  }

  /** `prepare` and start. */
  async start(more: Partial<ClientOptions> = {}): Promise<WhatsAppClient> {
    const client = await this.prepare(more);
    this.#running = client.start();
    return client;
  }

  /**
   * A client that is linked, open and at rest. The pairing itself is done once for all tests of a worker: this rig gets
   * copies of the session folder and of the account.
   */
  async pair(more: Partial<ClientOptions> = {}): Promise<WhatsAppClient> {
    if (this.#options.simulator || this.#options.fs) return this.pairAnew(more);
    const once = await pairedOnce();
    this.wa.adoptAccount(once.wa);
    copyFolder(once.folder, this.folder);
    const client = await this.start(more);
    await this.state('open');
    return client;
  }

  /** Starts, scans the QR, and resolves when the phone has told its history: the client is at rest then. */
  async pairAnew(more: Partial<ClientOptions> = {}): Promise<WhatsAppClient> {
    const client = await this.start(more);
    const { qr } = await this.state('pairing');
    await this.wa.phone.scan(qr ?? '');
    await this.state('open');
    await this.settled();
    return client;
  }

  /** Resolves when the history of the phone has been taken in. */
  async settled(): Promise<void> {
    const { session } = this;
    await within(
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (session.creds.accountSyncCounter > 0) resolve();
          else setTimeout(look, 10);
        };
        look();
      }),
      'the history of the phone',
    );
  }

  /**
   * Resolves with what is in the folder once nothing is written any more: after a login the client still takes in
   * and stores what WhatsApp tells it.
   */
  async atRest(): Promise<Record<string, string>> {
    const deadlineMs = performance.now() + 10_000;
    let before = snapshot(this.folder);
    for (let calm = 0; calm < 3; ) {
      if (performance.now() > deadlineMs) throw new Error('the folder did not come to rest within 10 s');
      if (this.session.facts().journalBytes > 0) await this.session.checkpoint();
      await new Promise((resolve) => setTimeout(resolve, 15));
      const after = snapshot(this.folder);
      calm = JSON.stringify(after) === JSON.stringify(before) ? calm + 1 : 0;
      before = after;
    }
    return before;
  }

  /** Resolves when the line has been logged, from the `from`th line on. */
  async line(text: string, from = 0): Promise<void> {
    if (this.lines.slice(from).some((line) => line.includes(text))) return;
    await within(
      new Promise<void>((resolve) => {
        const look = (line: string): void => {
          if (!line.includes(text)) return;
          this.#events.off('line', look);
          resolve();
        };
        this.#events.on('line', look);
      }),
      `the line ${text}`,
    );
  }

  /** A command from `person` and its answer, which must be readable at the first try. */
  async ping(person: Person): Promise<void> {
    const { id } = await person.send('!ping');
    const { attempt } = await person.waitForMessage(({ quotedId }) => quotedId === id);
    if (attempt !== 1) throw new Error(`the answer could be read at try ${attempt} only`);
  }

  /** The present state, or the next one, of this kind. */
  state<K extends ClientState['kind']>(kind: K, deadlineMs?: number): Promise<StateOf<K>> {
    const { client } = this;
    const isIt = (state: ClientState): state is StateOf<K> => state.kind === kind;
    if (isIt(client.state)) return Promise.resolve(client.state);
    return within(
      new Promise((resolve) => {
        const look = (state: ClientState): void => {
          if (!isIt(state)) return;
          client.off('changed', look);
          resolve(state);
        };
        client.on('changed', look);
      }),
      `the state ${kind} (now ${client.state.kind}; ${this.closes.map(({ kind }) => kind).join(', ')})`,
      deadlineMs,
    );
  }

  /** The oldest wait that was not asked for yet. */
  async nextWait(deadlineMs?: number): Promise<Wait> {
    const index = this.#waitsSeen++;
    const known = this.waits[index];
    if (known) return known;
    const next = new Promise<Wait>((resolve) => {
      const look = (): void => {
        const wait = this.waits[index];
        if (!wait) return;
        this.#events.off('waiting', look);
        resolve(wait);
      };
      this.#events.on('waiting', look);
    });
    return within(next, `wait number ${index + 1} (now ${this.client.state.kind})`, deadlineMs);
  }

  /** Ends the next wait and resolves when the client is connecting again. */
  async reconnect(): Promise<Wait> {
    const wait = await this.nextWait();
    wait.finish();
    return wait;
  }

  /** Stops the client and closes the session; the folder and WhatsApp stay. */
  async stop(): Promise<StopReason | undefined> {
    this.#over.abort();
    await within(this.#client?.stop() ?? Promise.resolve(), 'the stop of the client', 3_000);
    const reason = await this.#running;
    await within(this.#session?.close() ?? Promise.resolve(), 'the close of the session');
    this.#client = undefined;
    this.#session = undefined;
    this.#running = undefined;
    return reason;
  }

  async destroy(): Promise<void> {
    try {
      await this.stop();
    } finally {
      await this.wa.stop();
      this.#giveConsoleBack();
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const wait = { ms, finish };
      if (signal.aborted) finish();
      else signal.addEventListener('abort', finish, { once: true });
      this.waits.push(wait);
      this.#events.emit('waiting', wait);
    });
  }

  async #answer(client: WhatsAppClient, message: IncomingMessage): Promise<void> {
    if (message.text !== '!ping' || message.isFromMe) return;
    const reply = {
      id: `3EB0${message.id.slice(-16).toUpperCase()}`,
      chat: message.chat,
      content: { kind: 'text', text: 'pong' },
      quote: message,
    } as const;
    while (!this.#over.signal.aborted) {
      const late = new AbortController();
      // Not AbortSignal.timeout: the tests that count timers would find each of them for five seconds.
      const timer = setTimeout(() => late.abort(), 5_000);
      try {
        await client.send(reply, AbortSignal.any([this.#over.signal, late.signal]));
        await client.inbox.finish(message.key);
        return;
      } catch (error) {
        if (isAppError(error, 'SEND_REFUSED')) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
        await client.whenOpen(this.#over.signal).catch(() => {});
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
