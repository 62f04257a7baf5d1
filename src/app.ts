import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Bot } from './bot/bot.ts';
import { systemClock } from './bot/clock.ts';
import { sendId } from './bot/ids.ts';
import { loadCommands } from './bot/load.ts';
import type { IncomingMessage, Messenger, Table } from './bot/ports.ts';
import { CommandRegistry } from './bot/registry.ts';
import { watchCommands } from './bot/reload.ts';
import type { StatusFacts } from './bot/services.ts';
import type { Config, HttpConfig } from './config.ts';
import { isAppError } from './errors.ts';
import { greet } from './greeting.ts';
import { HttpServer } from './http/server.ts';
import type { Sending } from './http/source.ts';
import { baileysLogger } from './logging/library.ts';
import type { Logger } from './logging.ts';
import { PairingDisplay, type PairingOutput } from './pairing/display.ts';
import { openSession, type Session } from './session/store.ts';
import { isTableName } from './session/tables.ts';
import { StatusBoard } from './status.ts';
import { personAddress } from './whatsapp/address.ts';
import { WhatsAppClient } from './whatsapp/client.ts';
import { Narrator } from './whatsapp/narrator.ts';
import type { ProxyRoutes } from './whatsapp/proxy.ts';
import { type ClientState, type StopReason, statusWord } from './whatsapp/state.ts';
import { lookUpVersion } from './whatsapp/version.ts';

/** What the process gives to the program. */
export interface AppSurroundings {
  readonly log: Logger;
  /** Where the QR is printed. */
  readonly output: PairingOutput;
  readonly isTerminal: boolean;
  readonly terminalSize: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Whether a saved command is loaded again while the bot runs. */
  readonly isDevelopment: boolean;
}

const COMMANDS = fileURLToPath(new URL('./commands/', import.meta.url));
const CONNECT_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 30_000;

/** Builds everything from a Config, starts it in order, stops it in reverse. */
export class App {
  readonly #config: Config;
  readonly #around: AppSurroundings;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #startedAtMs = Date.now();
  readonly #handling = new Set<Promise<void>>();
  #session: Session | undefined;
  #client: WhatsAppClient | undefined;
  #bot: Bot | undefined;
  #http: HttpServer | undefined;
  #watching: Promise<void> | undefined;
  #greeting: Promise<void> | undefined;
  #running: Promise<StopReason> | undefined;
  #stopping: Promise<void> | undefined;
  #stateSinceMs = Date.now();

  constructor(config: Config, around: AppSurroundings) {
    this.#config = config;
    this.#around = around;
    this.#log = around.log;
  }

  /**
   * Lasts as long as the program runs and tells why it ended. Rejects with an `AppError` where it could not
   * start: `SESSION_LOCKED`, `SESSION_UNUSABLE`.
   */
  start(): Promise<StopReason> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Ends everything in under 1.5 s; nothing that was received or stored is lost. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #run(): Promise<StopReason> {
    const session = await this.#openSession();
    if (!session) return { kind: 'asked' };
    this.#session = session;
    const { signal } = this.#stop;
    try {
      if (signal.aborted) return { kind: 'asked' };
      if (session.logoutNote) {
        new Narrator(this.#log, this.#config.sessionPath).loggedOut();
        return { kind: 'logged-out' };
      }
      const client = await this.#buildClient(session);
      this.#client = client;
      if (this.#stop.signal.aborted) return { kind: 'asked' };
      const { http } = this.#config;
      const board = http && this.#buildBoard(session, client);
      await this.#startBot(session, client, board?.messenger ?? client);
      if (board) await this.#startPage(http, board);
      this.#greeting = this.#greet(session, client);
      if (signal.aborted) return { kind: 'asked' };
      const reason = await client.start();
      if (reason.kind !== 'asked') await this.#bot?.stop();
      return reason;
    } finally {
      await this.#finish();
    }
  }

  /** A disk that is full at the moment is waited for; any other reason is the person's to mend. */
  async #openSession(): Promise<Session | undefined> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        return await openSession(this.#config.sessionPath, {
          log: this.#log,
          onFailure: (error) => this.#client?.storageFailed(error),
        });
      } catch (error) {
        if (!isAppError(error, 'STORAGE_FAILED')) throw error;
        this.#log.error(error.message);
        await sleep(this.#config.reconnectDelayMs, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  }

  async #buildClient(session: Session): Promise<WhatsAppClient> {
    const config = this.#config;
    const proxy = await proxyOf(config);
    const client = new WhatsAppClient({
      session,
      sessionPath: config.sessionPath,
      socket: {
        url: config.waWebsocketUrl,
        version: config.waVersion,
        agent: proxy?.agent,
        mediaAgent: proxy?.mediaAgent,
        dispatcher: proxy?.dispatcher,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        keepAliveIntervalMs: KEEP_ALIVE_MS,
      },
      reconnect: { delayMs: config.reconnectDelayMs, maxDelayMs: config.reconnectMaxDelayMs },
      pairingNumber: config.pairingNumber,
      log: this.#log,
      baileysLog: baileysLogger(this.#log),
      lookUpVersion: () => lookUpVersion(proxy?.dispatcher),
    });
    const display = new PairingDisplay({
      log: this.#log,
      output: this.#around.output,
      sessionPath: config.sessionPath,
      isTerminal: this.#around.isTerminal,
      isColorAllowed: config.isColorAllowed,
      size: this.#around.terminalSize,
      now: Date.now,
      pageUrl: () => this.#http?.url,
    });
    client.on('changed', (state) => this.#stateChanged(state, display));
    client.on('received', (message) => this.#handle(message));
    return client;
  }

  #buildBoard(session: Session, client: WhatsAppClient): StatusBoard {
    const { sessionPath, commandPrefix } = this.#config;
    return new StatusBoard({
      client,
      session,
      sessionPath,
      commandPrefix,
      startedAtMs: this.#startedAtMs,
      stats: () => this.#bot?.stats,
      phoneSeenAtMs: () => client.phone.seenAtMs,
    });
  }

  /** A page that cannot be shown is no reason not to run. */
  async #startPage(config: HttpConfig, board: StatusBoard): Promise<void> {
    const sendText = (key: string, number: string, text: string) => this.#sendText(key, number, text);
    const http = new HttpServer({ config, status: board, sendText, log: this.#log });
    this.#http = http;
    try {
      await http.start();
      this.#log.info(`Status page: ${http.url}`);
    } catch (error) {
      if (!isAppError(error, 'HTTP_UNAVAILABLE')) throw error;
      this.#log.warn(error.message);
    }
  }

  #sendText(key: string, number: string, text: string): Sending {
    const message = {
      id: sendId(`http\n${key}`, 'text'),
      chat: `${number}@s.whatsapp.net`,
      content: { kind: 'text', text },
    } as const;
    return { id: message.id, acknowledged: this.#bot?.send(message) ?? Promise.reject(new Error('no bot')) };
  }

  async #startBot(session: Session, client: WhatsAppClient, messenger: Messenger): Promise<void> {
    const config = this.#config;
    const commands = new CommandRegistry();
    await loadCommands(COMMANDS, commands, this.#log);
    if (this.#around.isDevelopment) {
      const options = { folder: COMMANDS, registry: commands, clock: systemClock, log: this.#log };
      this.#watching = watchCommands(options, this.#stop.signal);
    }
    this.#bot = new Bot({
      messenger,
      storage: { table: (name) => tableOf(session, name) },
      settings: { ...config, ownIds: () => ownIds(session) },
      commands,
      services: { status: () => this.#status() },
      clock: systemClock,
      log: this.#log,
      wasSent: (id) => client.hasSent(id),
    });
    await this.#bot.start();
    const unfinished = client.inbox.unfinished();
    if (unfinished.length > 0) {
      this.#log.info(
        { messages: unfinished.length },
        'Going on with messages that the last run left unfinished',
      );
    }
    for (const message of unfinished) this.#handle(message);
  }

  #greet(session: Session, client: WhatsAppClient): Promise<void> {
    const parts = {
      log: this.#log,
      events: client,
      session,
      stats: () => this.#bot?.stats,
      prefix: this.#config.commandPrefix,
      // The person's wait began with the process, before anything was loaded.
      startedAtMs: performance.timeOrigin,
      clock: systemClock,
    };
    return greet(parts, this.#stop.signal);
  }

  #stateChanged(state: ClientState, display: PairingDisplay): void {
    this.#stateSinceMs = Date.now();
    if (state.kind !== 'pairing') return;
    if (state.code !== undefined) display.showCode({ code: state.code });
    if (state.qr !== undefined && state.expiresAtMs !== undefined) {
      this.#track(display.showQr({ qr: state.qr, expiresAtMs: state.expiresAtMs, index: state.index }));
    }
  }

  #handle(message: IncomingMessage): void {
    this.#track(this.#handleToItsEnd(message));
  }

  async #handleToItsEnd(message: IncomingMessage): Promise<void> {
    const outcome = await this.#bot?.handle(message);
    if (outcome === 'done') await this.#client?.inbox.finish(message.key);
  }

  /** Work that `stop()` waits for. A write that failed has been reported where it failed. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        if (!isAppError(error, 'STORAGE_FAILED'))
          this.#log.error({ err: error }, 'a message could not be handled');
      })
      .finally(() => this.#handling.delete(tracked));
    this.#handling.add(tracked);
  }

  #status(): StatusFacts {
    const { state } = this.#client ?? {};
    const { sent = 0, queued = 0 } = this.#bot?.stats ?? {};
    return {
      connection: (state && statusWord(state)) ?? 'close',
      connectionAgeMs: Date.now() - this.#stateSinceMs,
      uptimeMs: Date.now() - this.#startedAtMs,
      counts: [
        ['Sent', sent],
        ['Waiting to be sent', queued],
      ],
    };
  }

  async #shutDown(): Promise<void> {
    this.#stop.abort();
    await this.#bot?.stop();
    await this.#client?.stop();
    await this.#running?.catch(() => {});
  }

  /** The last steps, whoever ended it: what was handled is noted, the files are written, the folder is free. */
  async #finish(): Promise<void> {
    this.#stop.abort();
    await this.#bot?.stop();
    await this.#client?.stop();
    await Promise.allSettled([...this.#handling]);
    await this.#watching;
    await this.#greeting;
    await this.#http?.stop();
    await this.#session?.close();
  }
}

/** Loaded only where there is one: it brings an HTTP client of 25 MB with it. */
async function proxyOf({ proxyUrl, waWebsocketUrl }: Config): Promise<ProxyRoutes | undefined> {
  if (proxyUrl === undefined) return undefined;
  const { proxyRoutes } = await import('./whatsapp/proxy.ts');
  return proxyRoutes(proxyUrl, waWebsocketUrl);
}

/** One of the session's tables, as the bot sees it. */
function tableOf<T>(session: Session, name: string): Table<T> {
  if (!isTableName(name)) throw new Error(`there is no table ${name}`);
  const rows = session.rows<T>(name);
  return {
    get: (id) => rows.get(id),
    has: (id) => rows.has(id),
    get size() {
      return rows.size;
    },
    entries: () => rows.entries() as IterableIterator<[string, T]>,
    set: async (id, value) => session.set({ [name]: { [id]: value } }),
    delete: async (id) => session.set({ [name]: { [id]: null } }),
  };
}

function ownIds(session: Session): string[] {
  const { me } = session.creds;
  const ids = [personAddress(me?.id)?.user];
  const lid = personAddress(me?.lid)?.user;
  if (lid) ids.push(`lid:${lid}`);
  return ids.filter((id) => id !== undefined);
}
