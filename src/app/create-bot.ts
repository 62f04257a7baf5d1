import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { type Phrases, replacePhrases } from '../bot/phrases.ts';
import { chatAddress } from '../bot/send/chat-address.ts';
import { sendId } from '../bot/send/message-id.ts';
import { type Say, toContent } from '../bot/send/say.ts';
import { type Config, configFrom, type SettingSources } from '../config/config.ts';
import { AppError } from '../core/errors.ts';
import { guardConsole } from '../logging/console-guard.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { credentialsIn } from '../logging/mask.ts';
import { createSink } from '../logging/output-sink.ts';
import type { PairingOutput } from '../pairing/terminal-block.ts';
import type { StopReason } from '../whatsapp/client-state.ts';
import type { App, AppRequests } from './app.ts';
import type { BotContents } from './bot-contents.ts';

const NOT_MET =
  'The bot may write only to people and groups that wrote to it before. Add the address to the setting MAY_WRITE_TO.';

/** What a bot is made of. Everything may be left out. */
export interface BotOptions extends BotContents, SettingSources {
  /** What the bot itself says, in other words; for all bots of the process. Default English. */
  readonly phrases?: Partial<Phrases> | undefined;
  /** Loads a command or listener again when its file is saved: for development. Default false. */
  readonly reload?: boolean | undefined;
  /** Gets the text of each QR code too, to show it elsewhere. */
  readonly onQr?: ((text: string) => void) | undefined;
  /** Gets the log and the QR code. Default stdout. */
  readonly output?: PairingOutput | undefined;
}

/** A bot that `createBot()` made. */
export interface CreatedBot {
  /** Its settings, checked. */
  readonly config: Config;
  /** Its log. */
  readonly log: Logger;
  /** Loads what `start()` needs and connects to nothing. `start()` does it too. */
  load(): Promise<void>;
  /**
   * Connects, and lasts as long as the bot runs: resolves with why it ended. Rejects with an `AppError` if the bot
   * could not start: `SESSION_LOCKED`, `SESSION_UNUSABLE`. A second call gets the same promise.
   */
  start(): Promise<StopReason>;
  /** Ends everything in under 1.5 s; what was received or stored is handled at the next start. */
  stop(): Promise<void>;
  /**
   * Writes to a phone number (digits, country code first) or JID, however long the network is away: to a person or
   * group that wrote to the bot before, or that the setting `MAY_WRITE_TO` lists. Resolves when WhatsApp has the
   * message. The same `key` is the same message: people see it once. Rejects with `SEND_REFUSED`, `SEND_TIMEOUT`, or
   * `NOT_CONNECTED` if the bot does not run.
   */
  send(to: string, say: Say, options?: { readonly key?: string }): Promise<{ readonly id: string }>;
  /** Opens another connection in the place of the present one, of which something was lost. */
  renewConnection(reason: string): void;
}

/**
 * Makes a bot. It does nothing before `start()`, does not end the process, and takes no signals. It reads neither the
 * environment nor a file unless `env` or `dotenvPath` is given. Throws `BAD_CONFIG`, with every problem in the
 * settings.
 */
export function createBot(options: BotOptions = {}): CreatedBot {
  const config = configFrom(options);
  if (options.phrases !== undefined) replacePhrases(options.phrases);
  const output = options.output ?? createSink(1);
  const isTerminal = options.output === undefined && process.stdout.isTTY === true;
  const log = logFor(config, output, isTerminal);
  for (const warning of config.warnings) log.warn(warning);
  const requests = new EventEmitter<AppRequests>();
  let app: Promise<App> | undefined;
  let isStopped = false;
  let freeConsole = (): void => {};
  let running: Promise<StopReason> | undefined;

  const load = async (): Promise<App> => {
    // Before Baileys loads: libsignal prints private keys.
    freeConsole = guardConsole(log, { isOursAlone: false });
    await import('../whatsapp/before-baileys.ts');
    const { App } = await import('./app.ts');
    const surroundings = {
      ...{ log, output, isTerminal, requests },
      terminalSize: () =>
        isTerminal ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined,
      isDevelopment: options.reload ?? false,
      onQr: options.onQr,
    };
    return new App(config, surroundings, options);
  };

  const run = async (): Promise<StopReason> => {
    try {
      app ??= load();
      const loaded = await app;
      return isStopped ? { kind: 'asked' } : await loaded.start();
    } finally {
      freeConsole();
    }
  };

  return {
    config,
    log,
    async load() {
      app ??= load();
      await app;
    },
    start() {
      if (isStopped && running === undefined) return Promise.resolve({ kind: 'asked' });
      running ??= run();
      return running;
    },
    async stop() {
      isStopped = true;
      await (await app)?.stop();
      await running?.catch(() => {});
    },
    async send(to, say, { key = randomUUID() } = {}) {
      if (app === undefined || isStopped)
        throw new AppError('NOT_CONNECTED', 'The bot does not run. Start it.');
      const content = toContent(say, () => []);
      const chat = chatAddress(to);
      const bot = await (await app).bot;
      if (!bot.mayWriteTo(chat)) throw new AppError('SEND_REFUSED', NOT_MET);
      const id = sendId(`send\n${key}`, 'text');
      await bot.send({ id, chat, content });
      return { id };
    },
    renewConnection: (reason) => void requests.emit('renew-connection', reason),
  };
}

function logFor(config: Config, stream: { write(text: string): unknown }, isTerminal: boolean): Logger {
  return createLogger({
    ...{ stream, isTerminal },
    level: config.logLevel,
    format: config.logFormat,
    isColorAllowed: config.isColorAllowed,
    // The path as it was set, because the log names it in commands to copy.
    keep: [config.sessionPath, resolve(config.sessionPath)],
    hide: [config.http?.token, config.proxyUrl, ...credentialsIn(config.waWebsocketUrl)].filter(
      (secret) => secret !== undefined,
    ),
  });
}
