import { EventEmitter, once } from 'node:events';
import type { SocketConfig, WASocket } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { sleep } from '../core/clock.ts';
import { isAppError, messageOf } from '../core/errors.ts';
import type { GroupChange, GroupFacts, MemberChange } from '../core/group-facts.ts';
import type { IncomingMessage } from '../core/incoming-message.ts';
import type { DownloadOptions, Messenger } from '../core/messenger.ts';
import type { OutgoingMessage } from '../core/outgoing-message.ts';
import type { ListedNumber } from '../core/typed-number.ts';
import { underEither } from '../core/waits.ts';
import type { Session } from '../session/session.ts';
import type { ClientEvents } from './client-events.ts';
import type { ClientState, StopReason } from './client-state.ts';
import type { Connection } from './connection/connection.ts';
import { ConnectionFactory } from './connection/connection-factory.ts';
import { ConnectionLog } from './connection/connection-log.ts';
import type { SocketSettings } from './connection/open-socket.ts';
import { PhoneWatch } from './connection/phone-watch.ts';
import { ReconnectLoop } from './connection/reconnect-loop.ts';
import type { ReconnectPolicy } from './connection/reconnect-policy.ts';
import { ServerClock } from './connection/server-clock.ts';
import { type Deafness, WorkWatch } from './connection/work-watch.ts';
import { installedVersions, versionWarning } from './library-versions.ts';
import { conversationOf, hasKeysFor, numberOfLid } from './lid-numbers.ts';
import { ListedNumbers } from './listed-numbers.ts';
import { skipAppState } from './receive/app-state.ts';
import { downloadMedia } from './receive/download-media.ts';
import { freezeMessage, thawMessage } from './receive/frozen-message.ts';
import { Inbox } from './receive/inbox.ts';
import type { Origin } from './receive/parse-message.ts';
import { notConnected } from './send/send-errors.ts';
import { repairLibSignal } from './signal/libsignal-repair.ts';
import { mendSignedPreKey } from './signal/signed-pre-key.ts';
import { TypedNumbers } from './typed-numbers.ts';
import { VersionChoice, type WaVersion } from './wa-version.ts';

export interface ClientOptions {
  readonly session: Session;
  /** The folder as the person wrote it, for what they are told to run. */
  readonly sessionPath: string;
  readonly socket: SocketSettings;
  readonly reconnect: ReconnectPolicy;
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  /** Numbers in the settings, which WhatsApp is asked for. Default none. */
  readonly listedNumbers?: readonly ListedNumber[];
  readonly log: Logger;
  readonly baileysLog: SocketConfig['logger'];
  /** The version WhatsApp wants at the moment; undefined if no answer comes in time. */
  readonly lookUpVersion: () => Promise<WaVersion | undefined>;
  readonly now?: () => number;
  /** Milliseconds that only go forward: what the history of closes is counted in. */
  readonly uptime?: () => number;
  readonly random?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** WhatsApp, as the bot sees it: one state, at most one live connection, messages in and out. */
export class WhatsAppClient extends EventEmitter<ClientEvents> implements Messenger {
  readonly inbox: Inbox;
  readonly phone: PhoneWatch;
  readonly #numbers: TypedNumbers;
  readonly #listed: ListedNumbers;
  readonly #options: ClientOptions;
  readonly #now: () => number;
  readonly #connectionLog: ConnectionLog;
  readonly #serverClock: ServerClock;
  readonly #watch: WorkWatch;
  readonly #connections: ConnectionFactory;
  readonly #loop: ReconnectLoop;
  readonly #stopping = new AbortController();
  #running: Promise<StopReason> | undefined;
  #lastAckAtMs: number | undefined;

  constructor(options: ClientOptions) {
    super();
    // One for each send that waits for a connection.
    this.setMaxListeners(0);
    const { session, log, socket, now = Date.now } = options;
    this.#options = options;
    this.#now = now;
    this.#connectionLog = new ConnectionLog(log, options.sessionPath);
    this.phone = new PhoneWatch(session, log, now);
    this.#serverClock = new ServerClock(log, now);
    const uptime = options.uptime ?? (() => performance.now());
    this.#watch = new WorkWatch({
      log,
      uptime,
      isOpen: () => this.#loop.connection?.isOpen ?? false,
      renew: (message) => this.renew(message),
      onChange: () => this.emit('changed', this.state),
    });
    const localMs = (seconds: number): number => this.#serverClock.localMs(seconds);
    this.inbox = new Inbox({
      session,
      log,
      facts: { numberOf: (lid) => numberOfLid(session, lid), localMs },
      onMessage: (message) => {
        this.#watch.received(message.key);
        this.emit('received', message);
      },
      onFinished: (key) => this.#watch.finished(key),
      sentMessage: (id) => this.#connections.sent.find(id),
      now,
    });
    const listed = options.listedNumbers ?? [];
    this.#numbers = new TypedNumbers(
      session,
      log,
      now,
      listed.map(({ number }) => number),
    );
    this.#listed = new ListedNumbers({
      listed,
      numbers: this.#numbers,
      socket: () => (this.#loop.connection?.isOpen ? this.socket : undefined),
      log,
    });
    this.on('opened', () => this.#listed.opened());
    const version = new VersionChoice(socket.version, session, log, options.lookUpVersion);
    this.#connections = new ConnectionFactory({
      session,
      inbox: this.inbox,
      settings: () => ({ ...socket, version: version.current }),
      log,
      baileysLog: options.baileysLog,
      now,
      watch: this.#watch,
      numbers: this.#numbers,
    });
    this.#loop = new ReconnectLoop({
      connections: this.#connections,
      session,
      log,
      connectionLog: this.#connectionLog,
      policy: options.reconnect,
      version,
      pairingNumber: options.pairingNumber,
      events: this,
      now,
      uptime,
      random: options.random ?? Math.random,
      wait: options.wait ?? sleep,
      onStanza: (node) => {
        this.#serverClock.saw(node);
        this.phone.saw(node);
        this.#watch.saw(node);
      },
    });
  }

  /** What keeps the time of each of the client's tables. */
  get keepers() {
    const { sent, devices } = this.#connections;
    return { inbox: this.inbox, outcomes: this.inbox.outcomes, sent, devices, numbers: this.#numbers };
  }

  get state(): ClientState {
    return this.#loop.state;
  }

  /** The socket of the present connection. */
  get socket(): WASocket | undefined {
    return this.#loop.connection?.socket;
  }

  /** How the open connection does no work; undefined if it works. A change is told as `changed`. */
  get deafness(): Deafness | undefined {
    return this.#watch.deafness;
  }

  /** When WhatsApp last acknowledged a message, on whichever connection. */
  get lastAckAtMs(): number | undefined {
    return this.#lastAckAtMs;
  }

  /** Whether a message with this id was sent by this program. */
  hasSent(id: string): boolean {
    return this.#connections.sent.has(id);
  }

  /** Lasts as long as the client runs, and tells why it stopped. A second call gets the same promise. */
  start(): Promise<StopReason> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Ends any wait at once and closes the socket without a logout. May be called at any moment, any number of times. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.connection?.close();
    await this.#running;
    await this.#listed.stop();
    await this.#connections.freeKeys();
  }

  async #run(): Promise<StopReason> {
    repairLibSignal();
    this.#connectionLog.starting();
    this.#mendCreds();
    const warning = versionWarning(installedVersions());
    if (warning) this.#options.log.warn(warning);
    skipAppState();
    this.phone.start();
    this.#watch.start();
    const reason = await this.#loop.run(this.#stopping.signal);
    this.phone.stop();
    this.#watch.stop();
    return reason;
  }

  #mendCreds(): void {
    const { session, log } = this.#options;
    if (!mendSignedPreKey(session.creds)) return;
    log.warn('The signature of the signed pre-key in creds.json was damaged. It is made anew.');
    try {
      session.saveCreds();
    } catch (error) {
      // The session has reported it; the next change of the credentials is saved with it.
      log.debug({ err: error }, 'could not save the signature');
    }
  }

  /** Something that this connection carried is known to be lost: get another one. */
  renew(message: string): void {
    this.#loop.connection?.fail({ kind: 'network', statusCode: undefined, message });
  }

  /** A write to the session failed: give the connection up, so that WhatsApp keeps what comes. */
  storageFailed(error: unknown): void {
    this.#loop.connection?.fail({ kind: 'storage-failed', message: messageOf(error) });
  }

  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { connection } = this.#loop;
    if (!connection) throw notConnected();
    try {
      await connection.send(message, signal);
    } catch (error) {
      if (isRefusal(error)) this.#watch.sent();
      throw error;
    }
    this.#lastAckAtMs = this.#now();
    this.#watch.sent();
  }

  async showTyping(chat: string, isTyping: boolean): Promise<void> {
    const meant = this.#numbers.chatOf(chat);
    await this.#open().socket.sendPresenceUpdate(isTyping ? 'composing' : 'paused', meant);
  }

  async whenOpen(signal: AbortSignal): Promise<void> {
    await underEither([signal, this.#stopping.signal], async (either) => {
      either.throwIfAborted();
      if (this.#loop.connection?.isOpen) return;
      await once(this, 'opened', { signal: either }).catch(() => {
        throw notConnected();
      });
    });
  }

  download(message: IncomingMessage, options: DownloadOptions): Promise<Uint8Array> {
    const { dispatcher, url } = this.#options.socket;
    const socket = this.#loop.connection?.socket;
    return downloadMedia(message, options, { dispatcher, socketUrl: url, socket });
  }

  /** One key for a chat, whichever of a person's addresses it comes under: a number in either form, or a LID. */
  conversationOf(chat: string): string {
    return conversationOf(this.#options.session, this.#numbers.chatOf(chat));
  }

  /** The number under which WhatsApp knows the person whose number this is; the same if WhatsApp has told no other. */
  numberOf(typed: string): string {
    return this.#numbers.numberOf(typed);
  }

  /** Resolves when WhatsApp was asked for the numbers in the settings; undefined if there is nothing to wait for. */
  whenNumbersAsked(): Promise<void> | undefined {
    return this.#listed.whenAsked();
  }

  freeze(message: IncomingMessage): string {
    return freezeMessage(message);
  }

  thaw(text: string): IncomingMessage | undefined {
    return thawMessage(text);
  }

  /** Whether there are keys for this person, or for this group: they have written, or the account has. */
  hasMet(chat: string): boolean {
    return hasKeysFor(this.#options.session, this.#numbers.chatOf(chat));
  }

  changeMembers(chat: string, change: MemberChange, jids: readonly string[]): Promise<void> {
    return this.#connections.groupChanges.members(this.#open().socket, chat, change, jids);
  }

  changeGroup(chat: string, change: GroupChange): Promise<void> {
    return this.#connections.groupChanges.group(this.#open().socket, chat, change);
  }

  inviteLink(chat: string): Promise<string> {
    return this.#connections.groupChanges.inviteLink(this.#open().socket, chat);
  }

  async declineCall(callId: string, from: string): Promise<void> {
    await this.#open().socket.rejectCall(callId, from);
  }

  async markRead({ origin }: IncomingMessage): Promise<void> {
    if (origin) await this.#open().socket.readMessages([(origin as Origin).key]);
  }

  async group(chat: string): Promise<GroupFacts> {
    const { session } = this.#options;
    return this.#connections.groups.facts(chat, (id) => numberOfLid(session, id), this.#open().socket);
  }

  #open(): Connection {
    const { connection } = this.#loop;
    if (!connection?.isOpen) throw notConnected();
    return connection;
  }
}

/** Whether WhatsApp answered a send with a no: the connection works. */
const isRefusal = (error: unknown): boolean =>
  isAppError(error) && (error.code === 'SEND_REFUSED' || error.retryAfterMs !== undefined);
