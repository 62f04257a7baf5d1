import { EventEmitter, once } from 'node:events';
import type { BinaryNode, SocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { GroupFacts, IncomingMessage, Messenger, OutgoingMessage } from '../bot/ports.ts';
import { messageOf } from '../errors.ts';
import type { Session } from '../session/store.ts';
import { KeyTransactions } from '../session/transactions.ts';
import { notConnected } from './acks.ts';
import { chatKind, numberAmong, personAddress, personId } from './address.ts';
import type { CloseReason } from './close-reason.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { DeviceCache } from './device-cache.ts';
import { GroupCache } from './groups.ts';
import { Inbox } from './inbox.ts';
import { repairLibSignal } from './libsignal-repair.ts';
import { downloadMedia } from './media.ts';
import { Narrator } from './narrator.ts';
import { PhoneWatch } from './phone-watch.ts';
import {
  type CloseHistory,
  decideReconnect,
  NO_CLOSES,
  type ReconnectPolicy,
  recordClose,
  recordStable,
} from './reconnect.ts';
import { RetryCounters } from './retry-counters.ts';
import { SentMessages } from './sent.ts';
import { ServerClock } from './server-clock.ts';
import { signalRepositoryFactory } from './signal.ts';
import type { SocketSettings } from './socket.ts';
import { type ClientState, type StopReason, statusWord } from './state.ts';
import { VersionChoice, type WaVersion } from './version.ts';
import { sleepUntilAborted, underEither } from './waits.ts';

export interface ClientOptions {
  readonly session: Session;
  /** The folder as the person wrote it, for what they are told to run. */
  readonly sessionPath: string;
  readonly socket: SocketSettings;
  readonly reconnect: ReconnectPolicy;
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  readonly log: Logger;
  readonly baileysLog: SocketConfig['logger'];
  /** The version WhatsApp wants at the moment; undefined where nobody answers in time. */
  readonly lookUpVersion: () => Promise<WaVersion | undefined>;
  readonly now?: () => number;
  /** Milliseconds that only go forward: what the history of closes is counted in. */
  readonly uptime?: () => number;
  readonly random?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Facts, in the past tense. */
export interface ClientEvents {
  /** The state changed. */
  changed: [state: ClientState];
  /** A phone linked this session. */
  paired: [];
  opened: [];
  closed: [reason: CloseReason];
  /** A person's message, stored and decrypted. `finish(message.key)` when the bot needs it no more. */
  received: [message: IncomingMessage];
  acknowledged: [id: string];
}

const STABLE_AFTER_MS = 60_000;
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const KEYS_FREE_WITHIN_MS = 300;

/**
 * The connection's life: one state machine, one live socket, reconnects for ever. Only a logout and a second
 * takeover by another client end it, and `stop()`.
 */
export class WhatsAppClient extends EventEmitter<ClientEvents> implements Messenger {
  readonly inbox: Inbox;
  readonly phone: PhoneWatch;
  readonly #options: ClientOptions;
  readonly #log: Logger;
  readonly #narrator: Narrator;
  readonly #keys: KeyTransactions;
  readonly #sent: SentMessages;
  readonly #groups = new GroupCache();
  readonly #retries = new RetryCounters();
  readonly #devices: DeviceCache;
  readonly #version: VersionChoice;
  readonly #serverClock: ServerClock;
  readonly #makeSignalRepository: ConnectionParts['makeSignalRepository'];
  readonly #stopping = new AbortController();
  #state: ClientState = { kind: 'idle' };
  #history: CloseHistory = NO_CLOSES;
  #connection: Connection | undefined;
  #running: Promise<StopReason> | undefined;
  #lastCloseReason: CloseReason | undefined;
  #qrCount = 0;
  /** When the present connection was opened, or the last one, by `uptime`. */
  #openedAtMs: number | undefined;

  constructor(options: ClientOptions) {
    super();
    // One for each send that waits for a connection.
    this.setMaxListeners(0);
    const { session } = options;
    this.#options = options;
    this.#log = options.log;
    this.#narrator = new Narrator(options.log, options.sessionPath);
    this.#keys = new KeyTransactions({
      get: (type, ids) => this.#readKeys(type, ids),
      set: (changes) => session.set(changes),
    });
    this.#sent = new SentMessages(session);
    this.#devices = new DeviceCache(
      session,
      () => this.#now(),
      (detail) => this.#log.debug({ detail }, 'the list of devices could not be kept'),
    );
    this.phone = new PhoneWatch(session, options.log, () => this.#now());
    this.#serverClock = new ServerClock(options.log, () => this.#now());
    this.#version = new VersionChoice(options.socket.version, session, options.log, options.lookUpVersion);
    this.inbox = new Inbox({
      session,
      log: options.log,
      facts: {
        numberOf: (lid) => numberOfLid(session, lid),
        localMs: (seconds) => this.#serverClock.localMs(seconds),
      },
      onMessage: (message) => this.emit('received', message),
      ...(options.now ? { now: options.now } : {}),
    });
    this.#makeSignalRepository = signalRepositoryFactory(this.#keys, this.inbox);
  }

  get state(): ClientState {
    return this.#state;
  }

  get lastCloseReason(): CloseReason | undefined {
    return this.#lastCloseReason;
  }

  /** When WhatsApp last acknowledged a message on the present connection. */
  get lastAckAtMs(): number | undefined {
    return this.#connection?.acks.lastAtMs;
  }

  /** Whether a message with this id was sent by this program. */
  hasSent(id: string): boolean {
    return this.#sent.has(id);
  }

  /** Lasts as long as the client runs, and tells why it stopped. A second call gets the same promise. */
  start(): Promise<StopReason> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Ends any wait at once and closes the socket without a logout. May be called at any moment, any number of times. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#connection?.close();
    await this.#running;
    await this.#freeKeys();
  }

  async #run(): Promise<StopReason> {
    repairLibSignal();
    this.#narrator.starting();
    this.phone.start();
    const reason = await this.#reconnectForEver();
    this.phone.stop();
    this.#change({ kind: 'stopped', reason });
    return reason;
  }

  async #reconnectForEver(): Promise<StopReason> {
    const { reconnect, random = Math.random, wait = sleepUntilAborted } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const reason = await this.#connectOnce();
      if (signal.aborted) break;
      this.#lastCloseReason = reason;
      this.emit('closed', reason);
      const nowMs = this.#uptime();
      const wasStable = this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= STABLE_AFTER_MS;
      if (wasStable) this.#history = recordStable(this.#history);
      const decision = decideReconnect(reason, this.#history, reconnect, nowMs, random);
      this.#history = recordClose(reason, this.#history, nowMs);
      if (decision.action === 'stop') return this.#giveUp(reason);
      this.#change({ kind: 'waiting', reason, untilMs: this.#now() + decision.delayMs });
      this.#narrator.closed(reason, this.#history);
      if (reason.kind === 'version-refused') await this.#version.refresh(signal);
      this.#narrator.waiting(decision.delayMs);
      if (decision.delayMs > 0) await wait(decision.delayMs, signal);
    }
    return { kind: 'asked' };
  }

  #giveUp(reason: CloseReason): StopReason {
    if (reason.kind !== 'logged-out') {
      this.#narrator.replacedForGood();
      return { kind: 'replaced' };
    }
    this.#narrator.loggedOut();
    try {
      this.#options.session.noteLogout({ atMs: this.#now(), reason: reason.detail });
    } catch (error) {
      this.#log.warn({ detail: messageOf(error) }, 'the logout could not be noted in the session folder');
    }
    return { kind: 'logged-out' };
  }

  /** From opening a socket to its close. */
  async #connectOnce(): Promise<CloseReason> {
    const { session, socket, baileysLog } = this.#options;
    this.#change({ kind: 'connecting', sinceMs: this.#now() });
    this.#openedAtMs = undefined;
    try {
      session.probe();
    } catch (error) {
      return { kind: 'storage-failed', message: messageOf(error) };
    }
    session.forgetHalfPairing();
    this.#qrCount = 0;
    const connection = new Connection({
      settings: { ...socket, version: this.#version.current },
      session,
      inbox: this.inbox,
      sent: this.#sent,
      logger: baileysLog,
      makeSignalRepository: this.#makeSignalRepository,
      groups: this.#groups,
      msgRetryCounterCache: this.#retries,
      devices: this.#devices,
      onQr: (text) => void this.#showPairing(connection, text),
      onPaired: () => this.emit('paired'),
      onOpen: () => this.#opened(),
      onFrame: (frame) => {
        if (frame instanceof Uint8Array) return;
        this.#serverClock.saw(frame as BinaryNode);
        this.phone.saw(frame as BinaryNode);
      },
    });
    this.#connection = connection;
    if (this.#stopping.signal.aborted) void connection.close();
    const reason = await connection.closed;
    await this.#freeKeys();
    if (this.#connection === connection) this.#connection = undefined;
    return reason;
  }

  /** With the connection end the transactions that waited for it; one that does not is given up. */
  async #freeKeys(): Promise<void> {
    const enough = new AbortController();
    const idle = this.#keys.idle().then(() => true);
    const isIdle = await Promise.race([idle, sleepUntilAborted(KEYS_FREE_WITHIN_MS, enough.signal)]);
    enough.abort();
    if (!isIdle) this.#keys.abandon();
  }

  /** Something that this connection carried is known to be lost: get another one. */
  renew(message: string): void {
    this.#connection?.fail({ kind: 'network', statusCode: undefined, message });
  }

  #opened(): void {
    this.#openedAtMs = this.#uptime();
    this.#change({ kind: 'open', sinceMs: this.#now() });
    this.emit('opened');
  }

  async #showPairing(connection: Connection, qr: string): Promise<void> {
    const { pairingNumber } = this.#options;
    const index = this.#qrCount++;
    if (!pairingNumber) {
      const livesMs = index === 0 ? FIRST_QR_MS : NEXT_QR_MS;
      this.#change({ kind: 'pairing', qr, code: undefined, expiresAtMs: this.#now() + livesMs, index });
      return;
    }
    if (index > 0) return;
    try {
      const code = await connection.socket.requestPairingCode(pairingNumber);
      this.#change({ kind: 'pairing', qr: undefined, code, expiresAtMs: undefined, index });
    } catch (error) {
      connection.fail({
        kind: 'network',
        statusCode: undefined,
        message: `no pairing code: ${messageOf(error)}`,
      });
    }
  }

  #change(state: ClientState): void {
    const word = statusWord(state);
    const isNews = word !== undefined && word !== statusWord(this.#state);
    this.#state = state;
    if (isNews) this.#narrator.status(word);
    this.emit('changed', state);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #uptime(): number {
    return (this.#options.uptime ?? (() => performance.now()))();
  }

  /** Baileys takes a key that cannot be read for a missing one, and tells WhatsApp that the message is bad. */
  #readKeys(type: string, ids: readonly string[]): Record<string, unknown> {
    try {
      return this.#options.session.get(type, ids);
    } catch (error) {
      this.storageFailed(error);
      throw error;
    }
  }

  /** A write to the session failed: give the connection up, so that WhatsApp keeps what comes. */
  storageFailed(error: unknown): void {
    this.#connection?.fail({ kind: 'storage-failed', message: messageOf(error) });
  }

  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    if (!connection) throw notConnected();
    await connection.send(message, signal);
    this.emit('acknowledged', message.id);
  }

  async showTyping(chat: string, isTyping: boolean): Promise<void> {
    if (!this.#connection?.isOpen) throw notConnected();
    await this.#connection.socket.sendPresenceUpdate(isTyping ? 'composing' : 'paused', chat);
  }

  async whenOpen(signal: AbortSignal): Promise<void> {
    await underEither([signal, this.#stopping.signal], async (either) => {
      either.throwIfAborted();
      if (this.#connection?.isOpen) return;
      await once(this, 'opened', { signal: either }).catch(() => {
        throw notConnected();
      });
    });
  }

  download(
    message: IncomingMessage,
    options: { readonly which: 'own' | 'quoted'; readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    const { dispatcher, url } = this.#options.socket;
    return downloadMedia(message, options, { dispatcher, socketUrl: url });
  }

  /** One key for a chat, whichever of a person's two addresses it comes under. */
  conversationOf(chat: string): string {
    if (chatKind(chat) !== 'direct') return chat;
    return personId(numberAmong(chat) ?? numberOfLid(this.#options.session, chat), chat);
  }

  async group(chat: string): Promise<GroupFacts> {
    if (!this.#connection?.isOpen) throw notConnected();
    return this.#groups.facts(chat, (id) => numberOfLid(this.#options.session, id), this.#connection.socket);
  }
}

/** Baileys keeps LIDs both ways; the way back is under `LID_reverse`. */
function numberOfLid(session: Session, lid: string): string | undefined {
  const user = personAddress(lid)?.user;
  const row = `${user}_reverse`;
  const number = user ? session.get('lid-mapping', [row])[row] : undefined;
  return typeof number === 'string' ? number : undefined;
}
