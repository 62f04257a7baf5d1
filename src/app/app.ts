import { EventEmitter } from 'node:events';
import type { Bot, BotStats } from '../bot/bot.ts';
import type { StatusFacts } from '../bot/services.ts';
import { type Config, isDumbTerminal } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import { AppError, isAppError } from '../core/errors.ts';
import { StopStack } from '../core/stop-stack.ts';
import type { Logger } from '../logging/logger.ts';
import type { PairingOutput } from '../pairing/terminal-block.ts';
import { openSession, type Session } from '../session/session-store.ts';
import type { StopReason } from '../whatsapp/client-state.ts';
import { ConnectionLog } from '../whatsapp/connection/connection-log.ts';
import { type BotContents, listOf } from './bot-contents.ts';
import { tableOf } from './bot-table.ts';
import { buildClient } from './build-client.ts';
import { prunableTablesOf, pruneEachHour } from './hourly-pruning.ts';
import { LivenessFile } from './liveness-file.ts';
import { loadMiddleware } from './load-middleware.ts';
import { MessageIntake } from './message-intake.ts';
import { PairingScreen } from './pairing-screen.ts';
import { hasRowShape } from './row-shapes.ts';
import { settledValue } from './settled-value.ts';
import { startBot } from './start-bot.ts';
import { startHttpServer } from './start-http-server.ts';
import { reportStart } from './start-report.ts';
import { buildStatusBoard } from './status/build-status-board.ts';
import { statusFacts } from './status/status-facts.ts';

/** What the process gives to the program. */
export interface AppSurroundings {
  readonly log: Logger;
  /** Where the QR is printed. */
  readonly output: PairingOutput;
  readonly isTerminal: boolean;
  readonly terminalSize: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Whether a saved command is loaded again while the bot runs. */
  readonly isDevelopment: boolean;
  readonly requests: EventEmitter<AppRequests>;
  /** Gets the text of each QR code. Default: it is only printed. */
  readonly onQr?: ((text: string) => void) | undefined;
}

/** What the process may ask of the running program. */
export interface AppRequests {
  /** Part of what the present connection carried is lost: open another one. */
  'renew-connection': [reason: string];
}

/** The whole program for one Config: starts its parts in order, and stops them in reverse. */
export class App {
  readonly #config: Config;
  readonly #surroundings: AppSurroundings;
  readonly #contents: BotContents;
  readonly #stopping = new AbortController();
  readonly #parts = new StopStack();
  /** The bot as soon as its commands are loaded. Rejects with `NOT_CONNECTED` if the program ended before that. */
  readonly bot: Promise<Bot>;
  #setBot: (bot: Promise<Bot>) => void = () => {};
  #running: Promise<StopReason> | undefined;

  constructor(config: Config, surroundings: AppSurroundings, contents: BotContents = {}) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#contents = contents;
    this.bot = new Promise((resolve) => {
      this.#setBot = resolve;
    });
    this.bot.catch(() => {});
  }

  /**
   * Lasts as long as the program runs and tells why it ended. Rejects with an `AppError` if it could not start:
   * `SESSION_LOCKED`, `SESSION_UNUSABLE`. A second call gets the same promise.
   */
  start(): Promise<StopReason> {
    this.#running ??= this.#run().finally(() => {
      const none = Promise.reject(new AppError('NOT_CONNECTED', 'The bot has stopped. Start it again.'));
      none.catch(() => {});
      this.#setBot(none);
      return this.#stopParts();
    });
    return this.#running;
  }

  /** Ends everything in under 1.5 s; nothing that was received or stored is lost. */
  async stop(): Promise<void> {
    try {
      await this.#stopParts();
    } finally {
      await this.#running?.catch(() => {});
    }
  }

  /** Parts that last until the signal aborts must end if the program ends by itself, too. */
  #stopParts(): Promise<void> {
    this.#stopping.abort();
    return this.#parts.unwind();
  }

  /** The program's list of contents: each part starts here, and says how it is stopped. */
  async #run(): Promise<StopReason> {
    const { signal } = this.#stopping;
    const config = this.#config;
    const { log, output, isTerminal, terminalSize, isDevelopment, requests, onQr } = this.#surroundings;
    // Before anything else: a step may decide who may use the bot.
    const steps = [...config.middleware, ...listOf(this.#contents.middleware)];
    const middleware = await loadMiddleware(steps, log);

    const failures = new EventEmitter<{ storage: [error: unknown] }>();

    const onFailure = (error: unknown): boolean => failures.emit('storage', error);
    const session = await openWhenThereIsRoom(config, { log, onFailure }, signal);
    if (session === undefined) return { kind: 'asked' };
    this.#parts.push(() => session.close());
    if (session.logoutNote) {
      new ConnectionLog(log, config.sessionPath).loggedOut();
      return { kind: 'logged-out' };
    }

    const alive = new LivenessFile(config.sessionPath);
    alive.start();
    this.#parts.push(() => alive.stop());

    const client = await buildClient(config, session, log);
    client.on('changed', (state) => {
      if (state.kind === 'pairing' && state.qr !== undefined) onQr?.(state.qr);
    });
    failures.on('storage', (error) => client.storageFailed(error));
    requests.on('renew-connection', (reason) => client.renew(reason));

    const startedAtMs = Date.now();
    const stats = (): BotStats | undefined => botNow()?.stats;
    const setAside = (): number => client.inbox.setAside + (stats()?.setAside ?? 0);
    const board = await buildStatusBoard(config.http !== undefined, {
      ...{ client, session, startedAtMs, stats },
      sessionPath: config.sessionPath,
      commandPrefix: config.commandPrefix,
      phoneSeenAtMs: () => client.phone.seenAtMs,
      setAside,
    });

    // Loaded while the connection shakes hands; messages wait for it in the inbox.
    const messenger = board?.messenger ?? client;
    const status = (): StatusFacts => {
      const { state } = client;
      return statusFacts({ state, setAside: setAside(), stats: stats(), startedAtMs }, Date.now());
    };
    const starting = startBot({
      ...{ config, session, client, messenger, status, log },
      ...{ contents: this.#contents, middleware },
    });
    const bot = starting.then((started) => started.bot);
    const botNow = settledValue(bot);
    this.#setBot(bot);

    const page = bot.then(() =>
      startHttpServer(config.http, board, botNow, log, tableOf(session, 'http-keys')),
    );
    this.#parts.push(async () => (await page.catch(() => undefined))?.stop());

    const pruning = bot.then((started) =>
      pruneEachHour(prunableTablesOf(client, started, session), systemClock, log, signal),
    );
    pruning.catch(() => {});
    this.#parts.push(() => pruning.catch(() => {}));

    const report = reportStart(
      // A person waits since the process began, before any file was loaded.
      {
        log,
        events: client,
        session,
        stats,
        prefix: config.commandPrefix,
        startedAtMs: performance.timeOrigin,
        clock: systemClock,
      },
      signal,
    );
    this.#parts.push(() => report);

    const pageUrl = page.then((server) => server?.url).catch(() => undefined);
    const pairing = new PairingScreen({
      ...{ client, log, output, isTerminal, pageUrl, size: terminalSize, clock: systemClock },
      sessionPath: config.sessionPath,
      isColorAllowed: config.isColorAllowed,
      isDumb: isDumbTerminal(),
    });
    pairing.start();
    this.#parts.push(() => pairing.stop());

    if (isDevelopment) {
      const watching = starting.then(({ watch }) => watch(signal));
      this.#parts.push(() => watching);
    }

    this.#parts.push(() => client.stop());

    const intake = new MessageIntake({ client, bot, log });
    intake.start();
    this.#parts.push(() => intake.stop());
    this.#parts.push(async () => (await bot.catch(() => undefined))?.stop());

    if (signal.aborted) return { kind: 'asked' };
    const [reason] = await Promise.all([client.start(), page]);
    return reason;
  }
}

/** Waits while the disk is full. Throws any other error, because a person must remove its cause. */
async function openWhenThereIsRoom(
  { sessionPath, reconnectDelayMs }: Config,
  options: { readonly log: Logger; readonly onFailure: (error: unknown) => void },
  signal: AbortSignal,
): Promise<Session | undefined> {
  while (!signal.aborted) {
    try {
      return await openSession(sessionPath, { ...options, isRow: hasRowShape });
    } catch (error) {
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
      options.log.error(error.message);
      await systemClock.sleep(reconnectDelayMs, signal).catch(() => {});
    }
  }
  return undefined;
}
