import { EventEmitter, once } from 'node:events';
import type { WASocket } from '@whiskeysockets/baileys';
import type { Addresses } from '../core/addresses.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { isAppError, messageOf } from '../core/errors.ts';
import type { GroupChange, GroupFacts, MemberChange } from '../core/messages/group-facts.ts';
import type { IncomingMessage } from '../core/messages/incoming-message.ts';
import type { DownloadOptions, Messenger } from '../core/messages/messenger.ts';
import type { OutgoingMessage } from '../core/messages/outgoing-message.ts';
import { underEither } from './abortable.ts';
import type { ClientEvents } from './client-events.ts';
import { buildClientParts, type ClientOptions, type ClientParts } from './client-parts.ts';
import type { ClientState, StopReason } from './client-state.ts';
import type { Connection } from './connection/connection.ts';
import type { PhoneWatch } from './connection/phone-watch.ts';
import type { Deafness } from './connection/work-watch.ts';
import { installedVersions, versionWarning } from './library-versions.ts';
import { chatKeyOf, hasKeysFor, numberOfLid } from './numbers/lid-numbers.ts';
import { skipAppState } from './receive/app-state.ts';
import { downloadMedia } from './receive/download-media.ts';
import { freezeMessage, thawMessage } from './receive/frozen-message.ts';
import type { Inbox } from './receive/inbox.ts';
import type { Origin } from './receive/parse-message.ts';
import { notConnected } from './send/send-errors.ts';
import { repairLibSignal } from './signal/libsignal-repair.ts';
import { mendSignedPreKey } from './signal/signed-pre-key.ts';

/** WhatsApp, as the bot sees it: one state, at most one live connection, messages in and out. */
export class WhatsAppClient extends EventEmitter<ClientEvents> implements Messenger, Addresses {
  readonly inbox: Inbox;
  readonly phone: PhoneWatch;
  readonly #options: ClientOptions;
  readonly #parts: ClientParts;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #stopping = new AbortController();
  #running: Promise<StopReason> | undefined;
  #lastAckAtMs: number | undefined;

  constructor(options: ClientOptions) {
    super();
    // One for each send that waits for a connection.
    this.setMaxListeners(0);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#parts = buildClientParts(options, this);
    this.inbox = this.#parts.inbox;
    this.phone = this.#parts.phone;
  }

  /** The client's tables whose rows have a time limit. */
  get prunableTables() {
    const { sent, devices } = this.#parts.connections;
    return { inbox: this.inbox, outcomes: this.inbox.outcomes, sent, devices, numbers: this.#parts.numbers };
  }

  get state(): ClientState {
    return this.#parts.loop.state;
  }

  get #connection(): Connection | undefined {
    return this.#parts.loop.connection;
  }

  /** The socket of the present connection. */
  get socket(): WASocket | undefined {
    return this.#connection?.socket;
  }

  /** How the open connection does no work; undefined if it works. A change is told as `changed`. */
  get deafness(): Deafness | undefined {
    return this.#parts.watch.deafness;
  }

  /** When WhatsApp last acknowledged a message, on whichever connection. */
  get lastAckAtMs(): number | undefined {
    return this.#lastAckAtMs;
  }

  /** Whether a message with this id was sent by this program. */
  hasSent(id: string): boolean {
    return this.#parts.connections.sent.has(id);
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
    await this.#parts.listed.stop();
    await this.#parts.connections.freeKeys();
  }

  async #run(): Promise<StopReason> {
    repairLibSignal();
    this.#parts.connectionLog.starting();
    this.#mendCreds();
    const warning = versionWarning(installedVersions());
    if (warning) this.#options.log.warn(warning);
    skipAppState();
    this.phone.start();
    this.#parts.watch.start();
    const reason = await this.#parts.loop.run(this.#stopping.signal);
    this.phone.stop();
    this.#parts.watch.stop();
    return reason;
  }

  #mendCreds(): void {
    const { session, log } = this.#options;
    if (!mendSignedPreKey(session.creds)) return;
    log.warn(
      { file: 'creds.json' },
      'The signature of the signed pre-key in creds.json was damaged. The bot makes a new one.',
    );
    try {
      session.saveCreds();
    } catch (error) {
      // The session has reported it; the next change of the credentials is saved with it.
      log.debug({ err: error }, 'could not save the signature');
    }
  }

  /** Part of what this connection carried is lost: opens another one. */
  renew(message: string): void {
    this.#parts.loop.renew(message);
  }

  /** A write to the session failed: gives the connection up, so that WhatsApp keeps new messages. */
  storageFailed(error: unknown): void {
    this.#connection?.fail({ kind: 'storage-failed', message: messageOf(error) });
  }

  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    if (!connection) throw notConnected();
    try {
      await connection.send(message, signal);
    } catch (error) {
      if (isRefusal(error)) this.#parts.watch.sent();
      throw error;
    }
    this.#lastAckAtMs = this.#clock.now();
    this.#parts.watch.sent();
  }

  async showTyping(chat: string, isTyping: boolean): Promise<void> {
    const meant = this.#parts.numbers.chatOf(chat);
    await this.#open().socket.sendPresenceUpdate(isTyping ? 'composing' : 'paused', meant);
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

  download(message: IncomingMessage, options: DownloadOptions): Promise<Uint8Array> {
    const { dispatcher, url } = this.#options.socket;
    const socket = this.#connection?.socket;
    return downloadMedia(message, options, { dispatcher, socketUrl: url, socket });
  }

  /** One key for a chat, whichever of a person's addresses it comes under: a number in either form, or a LID. */
  chatKeyOf(chat: string): string {
    return chatKeyOf(this.#options.session, this.#parts.numbers.chatOf(chat));
  }

  /** The number under which WhatsApp knows the person whose number this is; the same if WhatsApp has told no other. */
  numberOf(typed: string): string {
    return this.#parts.numbers.numberOf(typed);
  }

  /** Resolves when WhatsApp was asked for the numbers in the settings; undefined if there is nothing to wait for. */
  whenNumbersAsked(): Promise<void> | undefined {
    return this.#parts.listed.whenAsked();
  }

  freeze(message: IncomingMessage): string {
    return freezeMessage(message);
  }

  thaw(text: string): IncomingMessage | undefined {
    return thawMessage(text);
  }

  /** Whether there are keys for this person, or for this group: they have written, or the account has. */
  hasMet(chat: string): boolean {
    return hasKeysFor(this.#options.session, this.#parts.numbers.chatOf(chat));
  }

  changeMembers(chat: string, change: MemberChange, jids: readonly string[]): Promise<void> {
    return this.#parts.connections.groupChanges.members(this.#open().socket, chat, change, jids);
  }

  changeGroup(chat: string, change: GroupChange): Promise<void> {
    return this.#parts.connections.groupChanges.group(this.#open().socket, chat, change);
  }

  inviteLink(chat: string): Promise<string> {
    return this.#parts.connections.groupChanges.inviteLink(this.#open().socket, chat);
  }

  async declineCall(callId: string, from: string): Promise<void> {
    await this.#open().socket.rejectCall(callId, from);
  }

  async markRead({ origin }: IncomingMessage): Promise<void> {
    if (origin) await this.#open().socket.readMessages([(origin as Origin).key]);
  }

  async group(chat: string): Promise<GroupFacts> {
    const { session } = this.#options;
    return this.#parts.connections.groups.facts(chat, (id) => numberOfLid(session, id), this.#open().socket);
  }

  #open(): Connection {
    const connection = this.#connection;
    if (!connection?.isOpen) throw notConnected();
    return connection;
  }
}

/** Whether WhatsApp answered a send with a no: the connection works. */
const isRefusal = (error: unknown): boolean =>
  isAppError(error) && (error.code === 'SEND_REFUSED' || error.retryAfterMs !== undefined);
