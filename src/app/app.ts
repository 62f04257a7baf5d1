import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from '../bot/bot.ts';
import type { StatusFacts } from '../bot/services.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import { isAppError } from '../core/errors.ts';
import type { IncomingMessage } from '../core/messages.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { Logger } from '../logging/logger.ts';
import type { PairingDisplay } from '../pairing/pairing-display.ts';
import type { PairingOutput } from '../pairing/terminal-block.ts';
import { openSession, type Session } from '../session/session.ts';
import type { WhatsAppClient } from '../whatsapp/client.ts';
import { type ClientState, type StopReason, statusWord } from '../whatsapp/client-state.ts';
import { Narrator } from '../whatsapp/connection/connection-log.ts';
import { buildClient } from './build-client.ts';
import { LivenessFile } from './liveness-file.ts';
import { HandOver } from './message-intake.ts';
import { greet } from './start-report.ts';
import type { StatusBoard } from './status-board.ts';

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

type PairingState = Extract<ClientState, { kind: 'pairing' }>;

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
  #startingBot: Promise<void> | undefined;
  #startingPage: Promise<void> | undefined;
  #bot: Bot | undefined;
  #handOver: HandOver | undefined;
  #http: HttpServer | undefined;
  #display: Promise<PairingDisplay> | undefined;
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

  /** Part of what the present connection carried is lost, where nobody could notice: get another one. */
  renewConnection(why: string): void {
    this.#client?.renew(why);
  }

  async #run(): Promise<StopReason> {
    const session = await this.#openSession();
    if (!session) return { kind: 'asked' };
    this.#session = session;
    const { signal } = this.#stop;
    const alive = new LivenessFile(this.#config.sessionPath);
    alive.start();
    try {
      if (signal.aborted) return { kind: 'asked' };
      if (session.logoutNote) {
        new Narrator(this.#log, this.#config.sessionPath).loggedOut();
        return { kind: 'logged-out' };
      }
      const client = await this.#buildClient(session);
      this.#client = client;
      if (signal.aborted) return { kind: 'asked' };
      const board = await this.#buildBoard(session, client);
      this.#greeting = this.#greet(session, client);
      this.#startingBot = this.#startBot(session, client, board);
      this.#startingPage = this.#startingBot.then(() => this.#startPage(board));
      const [reason] = await Promise.all([client.start(), this.#startingPage]);
      return reason;
    } finally {
      alive.stop();
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
    const client = await buildClient(this.#config, session, this.#log);
    client.on('changed', (state) => this.#stateChanged(state));
    this.#handOver = new HandOver({
      client,
      handle: (message) => this.#track(this.#handleToItsEnd(message)),
      log: this.#log,
    });
    this.#handOver.start();
    return client;
  }

  /** What only a status page needs is loaded where there is one: its packages take a tenth of a second. */
  async #buildBoard(session: Session, client: WhatsAppClient): Promise<StatusBoard | undefined> {
    const { http, sessionPath, commandPrefix } = this.#config;
    if (!http) return undefined;
    const { StatusBoard } = await import('./status-board.ts');
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

  async #startPage(board: StatusBoard | undefined): Promise<void> {
    const { http } = this.#config;
    if (!http || !board) return;
    const { startPage } = await import('./start-page.ts');
    this.#http = await startPage(http, board, () => this.#bot, this.#log);
  }

  /** Loaded while the connection shakes hands: what comes before it is ready waits in the inbox. */
  async #startBot(session: Session, client: WhatsAppClient, board: StatusBoard | undefined): Promise<void> {
    const { startBot } = await import('./start-bot.ts');
    const { bot, watch } = await startBot({
      config: this.#config,
      session,
      client,
      messenger: board?.messenger ?? client,
      status: () => this.#status(),
      log: this.#log,
    });
    this.#bot = bot;
    if (this.#around.isDevelopment) this.#watching = watch(this.#stop.signal);
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

  #stateChanged(state: ClientState): void {
    this.#stateSinceMs = Date.now();
    if (state.kind === 'pairing') void this.#track(this.#showPairing(state));
    else void this.#display?.then((display) => display.rest());
  }

  async #showPairing({ code, qr, expiresAtMs, index }: PairingState): Promise<void> {
    this.#display ??= this.#loadDisplay();
    const display = await this.#display;
    if (code !== undefined) display.showCode({ code });
    if (qr !== undefined && expiresAtMs !== undefined) await display.showQr({ qr, expiresAtMs, index });
  }

  /** A bot that is linked never draws a QR code, and starts faster without the packages for it. */
  async #loadDisplay(): Promise<PairingDisplay> {
    const { PairingDisplay } = await import('../pairing/pairing-display.ts');
    // Its address goes with the code.
    await this.#startingPage;
    const { sessionPath, isColorAllowed } = this.#config;
    const { log, output, isTerminal, terminalSize } = this.#around;
    return new PairingDisplay({
      log,
      output,
      sessionPath,
      isTerminal,
      isColorAllowed,
      size: terminalSize,
      now: Date.now,
      pageUrl: () => this.#http?.url,
    });
  }

  async #handleToItsEnd(message: IncomingMessage): Promise<void> {
    await this.#startingBot;
    const outcome = await this.#bot?.handle(message);
    if (outcome === 'done') await this.#client?.inbox.finish(message.key);
  }

  /** Work that `stop()` waits for. A write that failed has been reported where it failed. */
  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => {
        if (!isAppError(error, 'STORAGE_FAILED'))
          this.#log.error({ err: error }, 'a message could not be handled');
      })
      .finally(() => this.#handling.delete(tracked));
    this.#handling.add(tracked);
    return tracked;
  }

  #status(): StatusFacts {
    const { state } = this.#client ?? {};
    const { sent = 0, queued = 0 } = this.#bot?.stats ?? {};
    const setAside = this.#client?.inbox.setAside ?? 0;
    return {
      connection: (state && statusWord(state)) ?? 'close',
      connectionAgeMs: Date.now() - this.#stateSinceMs,
      uptimeMs: Date.now() - this.#startedAtMs,
      counts: [
        ['Sent', sent],
        ['Waiting to be sent', queued],
        ...(setAside > 0 ? [['Set aside', setAside] as const] : []),
      ],
    };
  }

  async #shutDown(): Promise<void> {
    await this.#quieten();
    await this.#running?.catch(() => {});
  }

  /** From here on nothing new is begun, and nothing comes. */
  async #quieten(): Promise<void> {
    this.#stop.abort();
    this.#handOver?.stop();
    await this.#startingBot?.catch(() => {});
    await this.#bot?.stop();
    await this.#client?.stop();
  }

  /** The last steps, whoever ended it: what was handled is noted, the files are written, the folder is free. */
  async #finish(): Promise<void> {
    await this.#quieten();
    await Promise.allSettled([...this.#handling]);
    await this.#watching;
    await this.#greeting;
    await this.#http?.stop();
    await this.#session?.close();
  }
}
