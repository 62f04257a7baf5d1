/**
 * Entry `perennial-whatsapp/client`: the connection alone, without a bot. It pairs, reconnects, keeps its session on
 * disk, and says why a connection closed. docs/library.md shows it.
 */
import './whatsapp/before-baileys.ts';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { buildClient } from './app/build-client.ts';
import { MessageIntake } from './app/message-intake.ts';
import { configFrom, type SettingSources } from './config/config.ts';
import { AppError, isAppError } from './core/errors.ts';
import type { IncomingMessage } from './core/messages/incoming-message.ts';
import type { Content } from './core/messages/outgoing-message.ts';
import { StopStack } from './core/stop-stack.ts';
import { guardConsole } from './logging/console-guard.ts';
import { createLogger } from './logging/logger.ts';
import { openSession } from './session/session-store.ts';
import type { ClientState, StopReason } from './whatsapp/client-state.ts';
import type { CloseReason } from './whatsapp/connection/close-reason.ts';
import type { WhatsAppClient as Connections } from './whatsapp/whatsapp-client.ts';

export { AppError, type ErrorCode, isAppError } from './core/errors.ts';
export type { IncomingMessage, Person } from './core/messages/incoming-message.ts';
export type { Content } from './core/messages/outgoing-message.ts';
export type { ClientState, StopReason } from './whatsapp/client-state.ts';
export type { CloseReason } from './whatsapp/connection/close-reason.ts';

/** What may be set. `settings` has `pairingNumber`, `proxyUrl`, `logLevel` (default `silent`) and the others. */
export interface WhatsAppClientOptions extends SettingSources {
  /**
   * Gets each message of a person once, when it can be read. A message whose handler has not settled when the process
   * ends is handed over again at the next start. An error is logged.
   */
  readonly onMessage?: (message: IncomingMessage) => Promise<unknown> | unknown;
  /** Gets the log. Default stdout. */
  readonly output?: { write(text: string): unknown };
}

/** Facts, in the past tense. */
export interface WhatsAppClientEvents {
  /** The text of a QR code to scan. It is valid until `expiresAtMs`. */
  qr: [text: string, expiresAtMs: number];
  /** A pairing code to enter on the phone, if `pairingNumber` is set. */
  code: [code: string, expiresAtMs: number];
  /** A phone linked this session. */
  paired: [];
  opened: [];
  /** A connection ended. The next one follows by itself, unless `stopped` follows. */
  closed: [reason: CloseReason];
  changed: [state: ClientState];
  stopped: [reason: StopReason];
}

/** A connection to WhatsApp that comes back by itself, with its session in one folder. */
export class WhatsAppClient extends EventEmitter<WhatsAppClientEvents> {
  readonly #options: WhatsAppClientOptions;
  readonly #config: ReturnType<typeof configFrom>;
  readonly #parts = new StopStack();
  #connections: Connections | undefined;
  #running: Promise<StopReason> | undefined;
  #isStopped = false;
  readonly #idle: ClientState = { kind: 'idle', sinceMs: Date.now() };

  /** `folder` is the session: one account, one folder, one process. Throws `BAD_CONFIG` if a setting is wrong. */
  constructor(folder: string, options: WhatsAppClientOptions = {}) {
    super();
    this.#options = options;
    const settings = { logLevel: 'silent', ...options.settings, sessionPath: folder };
    this.#config = configFrom({ ...options, settings });
  }

  /** What the client does at the moment. */
  get state(): ClientState {
    return this.#connections?.state ?? this.#idle;
  }

  /** The socket of the present connection, for everything that has no method here. Each connection has another one. */
  get socket(): Connections['socket'] {
    return this.#connections?.socket;
  }

  /**
   * Connects, and lasts as long as the client runs: resolves with why it stopped. Rejects with `SESSION_LOCKED`,
   * `SESSION_UNUSABLE` or `STORAGE_FAILED` if the session cannot be opened. A second call gets the same promise.
   */
  start(): Promise<StopReason> {
    this.#running ??= this.#run().finally(() => this.#parts.unwind());
    return this.#running;
  }

  /** Closes the connection without a logout, and the session. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#parts.unwind();
    await this.#running?.catch(() => {});
  }

  /**
   * Sends to a JID. Resolves with WhatsApp's id when WhatsApp has the message; the same `id` is the same message.
   * Rejects with `NOT_CONNECTED`, `SEND_TIMEOUT` (sending again is right) or `SEND_REFUSED` (it is not).
   */
  async send(
    chat: string,
    content: string | Content,
    { id = newId(), signal = new AbortController().signal }: { id?: string; signal?: AbortSignal } = {},
  ): Promise<{ readonly id: string }> {
    const message = typeof content === 'string' ? ({ kind: 'text', text: content } as const) : content;
    await this.#started().send({ id, chat, content: message }, signal);
    return { id };
  }

  /** Resolves when there is a connection to send on. Rejects when the signal aborts. */
  whenOpen(signal: AbortSignal = new AbortController().signal): Promise<void> {
    return this.#started().whenOpen(signal);
  }

  /** The decrypted file of a message. Rejects with `MEDIA_REFUSED` if it is larger than `maxBytes`, damaged or gone. */
  download(
    message: IncomingMessage,
    maxBytes: number,
    signal: AbortSignal = AbortSignal.timeout(60_000),
  ): Promise<Uint8Array> {
    return this.#started().download(message, { which: 'own', maxBytes, signal });
  }

  async #run(): Promise<StopReason> {
    const { sessionPath, logLevel: level, logFormat: format } = this.#config;
    const { output } = this.#options;
    const isTerminal = output === undefined && process.stdout.isTTY === true;
    const log = createLogger({ level, format, isTerminal, ...(output && { stream: output }) });
    this.#parts.push(guardConsole(log, { isOursAlone: false }));
    const onFailure = (error: unknown): void => this.#connections?.storageFailed(error);
    const session = await openSession(sessionPath, { log, onFailure });
    this.#parts.push(() => session.close());
    if (session.logoutNote) return this.#ended({ kind: 'logged-out' });

    const client = await buildClient(this.#config, session, log);
    this.#connections = client;
    this.#forward(client);
    this.#parts.push(() => client.stop());
    const handle = async (message: IncomingMessage): Promise<'done'> => {
      try {
        await this.#options.onMessage?.(message);
      } catch (error) {
        if (!isAppError(error, 'STORAGE_FAILED')) log.error({ err: error }, 'could not handle a message');
      }
      return 'done';
    };
    const intake = new MessageIntake({ client, bot: Promise.resolve({ handle }), log });
    intake.start();
    this.#parts.push(() => intake.stop());
    return this.#ended(this.#isStopped ? { kind: 'asked' } : await client.start());
  }

  #ended(reason: StopReason): StopReason {
    this.emit('stopped', reason);
    return reason;
  }

  #forward(client: Connections): void {
    let shown: string | undefined;
    client.on('paired', () => this.emit('paired'));
    client.on('opened', () => this.emit('opened'));
    client.on('closed', (reason) => this.emit('closed', reason));
    client.on('changed', (state) => {
      this.emit('changed', state);
      if (state.kind !== 'pairing') return;
      const text = state.code ?? state.qr;
      if (text === undefined || text === shown) return;
      shown = text;
      this.emit(state.code === undefined ? 'qr' : 'code', text, state.expiresAtMs);
    });
  }

  #started(): Connections {
    if (this.#connections === undefined)
      throw new AppError('NOT_CONNECTED', 'The client has not opened its session. Call start() first.');
    return this.#connections;
  }
}

/** An id as WhatsApp Web makes them. */
const newId = (): string => `3EB0${randomUUID().replaceAll('-', '').slice(0, 18).toUpperCase()}`;
