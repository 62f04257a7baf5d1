import { EventEmitter } from 'node:events';
import type {
  BaileysEventMap,
  BinaryNode,
  CacheStore,
  ConnectionState,
  SignalKeyStore,
  SocketConfig,
  WASocket,
} from '@whiskeysockets/baileys';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import type { Session } from '../../session/session-store.ts';
import { resolvable } from '../abortable.ts';
import { acknowledgeAppState, fetchNameOnce } from '../receive/app-state.ts';
import { answerIgnored } from '../receive/ignored-stanzas.ts';
import type { Inbox } from '../receive/inbox.ts';
import { askPhone } from '../receive/phone-resend.ts';
import type { AnswerLog } from '../send/answer-log.ts';
import type { CloseSuspects } from '../send/close-suspects.ts';
import type { DeviceCache } from '../send/device-cache.ts';
import type { GroupCache } from '../send/group-cache.ts';
import type { RecipientAddresses } from '../send/recipient-address.ts';
import { Sender } from '../send/sender.ts';
import type { SentMessages } from '../send/sent-messages.ts';
import { dropKeyErrors } from '../signal/drop-key-errors.ts';
import { updateCaches } from './cache-updates.ts';
import { type CloseReason, classifyClose, type SilenceCause } from './close-reason.ts';
import { prepareCloseStanza } from './close-stanza.ts';
import { closeWithin, cutOff, endListening, intercept } from './library-socket.ts';
import { openSocket, type SocketSettings } from './open-socket.ts';
import { PingCheck } from './ping-check.ts';
import { keepPresenceTyped } from './presence-type.ts';

export interface ConnectionParts {
  readonly settings: SocketSettings;
  readonly session: Session;
  readonly inbox: Inbox;
  readonly sent: SentMessages;
  readonly answers: AnswerLog;
  readonly suspects: CloseSuspects;
  readonly addresses: RecipientAddresses;
  readonly logger: SocketConfig['logger'];
  readonly makeSignalRepository: SocketConfig['makeSignalRepository'];
  readonly groups: GroupCache;
  readonly msgRetryCounterCache: CacheStore;
  readonly devices: DeviceCache;
}

/** Facts about one connection, in the past tense. How it opened and closed are promises of it. */
export interface ConnectionEvents {
  /** WhatsApp gave a text for a QR code. */
  qr: [text: string];
  /** A phone linked this session; WhatsApp asks for a restart next. */
  paired: [];
  /** WhatsApp sent a stanza. */
  stanza: [node: BinaryNode];
}

/** A connection is given up if it neither opens nor shows a QR code within this time after the last bytes came. */
const CONNECT_WITHIN_MS = 60_000;
/** A socket that does not close by itself is cut off. */
const CLOSE_WITHIN_MS = 300;

/**
 * One socket, from its opening to its close. It reports once why it closed, and from then on the
 * program ignores it: its listeners are gone, and nothing is sent on it.
 */
export class Connection extends EventEmitter<ConnectionEvents> {
  readonly #opened = resolvable<boolean>();
  readonly #closed = resolvable<CloseReason>();
  /** Settles once: true when WhatsApp has let the session in, false if the connection closed before. Never rejects. */
  readonly opened = this.#opened.promise;
  /** Settles once, with the reason; never rejects. */
  readonly closed = this.#closed.promise;
  readonly socket: WASocket;
  readonly #sender: Sender;
  readonly #pingCheck: PingCheck;
  readonly #parts: ConnectionParts;
  readonly #over = new AbortController();
  #failure: CloseReason | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #finishTimer: NodeJS.Timeout | undefined;
  #isOpen = false;
  /** Whether the folder says that a phone has linked this session. */
  #isLinkStored: boolean;

  constructor(parts: ConnectionParts) {
    super();
    this.#parts = parts;
    this.#isLinkStored = parts.session.isLinked;
    this.socket = openSocket(parts.settings, {
      auth: { creds: parts.session.creds, keys: parts.session as unknown as SignalKeyStore },
      logger: parts.logger,
      makeSignalRepository: parts.makeSignalRepository,
      cachedGroupMetadata: (chat) => parts.groups.metadata(chat, this.socket),
      msgRetryCounterCache: parts.msgRetryCounterCache,
      userDevicesCache: parts.devices,
      getMessage: async (key) => parts.sent.find(key.id),
    });
    this.#sender = new Sender(
      this.socket,
      parts,
      () => this.isOpen,
      this.#over.signal,
      () => this.#lost('no-acks', 'WhatsApp acknowledges nothing on this connection'),
    );
    const ping = { tag: 'iq', attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'w:p' } };
    this.#pingCheck = new PingCheck(
      () => this.socket.query(ping),
      () => this.#lost('no-answers', 'WhatsApp no longer answers on this connection'),
    );
    intercept(this.socket, 'message', (node) => answerIgnored(this.socket, node, parts.inbox));
    keepPresenceTyped(this.socket);
    fetchNameOnce(this.socket, parts.settings.showOnline ?? false);
    intercept(this.socket, 'notification', (node) => acknowledgeAppState(this.socket, node));
    updateCaches(this.socket, parts.devices, parts.groups);
    this.#listen();
    this.#answerWithin(parts.settings.connectTimeoutMs);
  }

  /** Gives the connection up if WhatsApp does not take its next step in time. Each step restarts the time. */
  #answerWithin(limitMs: number): void {
    clearTimeout(this.#connectTimer);
    this.#connectTimer = setTimeout(() => this.#lost('no-handshake', 'WhatsApp did not answer'), limitMs);
  }

  /** Whether a stanza can be sent: false as soon as the socket begins to close. */
  get isOpen(): boolean {
    return this.#isOpen && this.socket.ws.isOpen;
  }

  #listen(): void {
    const { ev, ws } = this.socket;
    const { inbox } = this.#parts;
    closeWithin(this.socket, CLOSE_WITHIN_MS);
    ws.prependListener('CB:message', (node) => inbox.sawStanza(node));
    ws.prependListener('CB:notification,type:w:gp2', (node) => inbox.sawEvent(node));
    ws.prependListener('CB:call', (node) => inbox.sawEvent(node));
    ws.on('open', () => this.#answerWithin(this.#parts.settings.connectTimeoutMs));
    ws.on('frame', (frame: unknown) => {
      // The bytes of the handshake come here, too.
      if (frame instanceof Uint8Array) return this.#answerWithin(CONNECT_WITHIN_MS);
      dropKeyErrors(frame as BinaryNode);
      prepareCloseStanza(frame as BinaryNode);
      this.emit('stanza', frame as BinaryNode);
    });
    ws.on('CB:ack,class:message', (node) => this.#sender.acks.received(node));
    // Baileys waits for ever when an upgrade is refused.
    ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) => {
      const { statusCode } = response;
      this.fail({
        kind: 'network',
        statusCode,
        message: `the connection was refused with HTTP ${statusCode}`,
      });
    });
    ev.on('connection.update', (update) => this.#onUpdate(update));
    ev.on('creds.update', () => this.#saveCreds());
  }

  #onUpdate({ connection, qr, isNewLogin, lastDisconnect }: Partial<ConnectionState>): void {
    if (qr) {
      clearTimeout(this.#connectTimer);
      this.emit('qr', qr);
    }
    if (isNewLogin) this.emit('paired');
    if (connection === 'open') {
      clearTimeout(this.#connectTimer);
      this.#isOpen = true;
      this.#pingCheck.start(this.#parts.settings.pingEveryMs);
      this.#opened.resolve(true);
      void askPhone(this.socket, this.#parts.inbox);
    }
    if (connection === 'close') this.#finish(this.#failure ?? classifyClose(lastDisconnect?.error));
  }

  /**
   * Runs inside Baileys' own `emit`, before the pairing is confirmed to WhatsApp: the identity is on disk first.
   * A failed save ends the connection, so that WhatsApp gets no confirmation of what is not stored.
   */
  #saveCreds(): void {
    const { session } = this.#parts;
    try {
      session.saveCreds();
      this.#isLinkStored = session.isLinked;
    } catch (error) {
      // A link that is not stored is not confirmed either: the next connection registers again.
      if (!this.#isLinkStored) delete session.creds.account;
      this.fail(classifyClose(error));
    }
  }

  /** See `Sender.send`. */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    return this.#sender.send(message, signal);
  }

  #lost(cause: SilenceCause, message: string): void {
    this.fail({ kind: 'network', statusCode: 408, cause, message });
  }

  /** Gives the connection up at once, for a reason of our own. */
  fail(reason: CloseReason): void {
    this.#failure ??= reason;
    this.#isOpen = false;
    cutOff(this.socket);
    // If the upgrade was refused, Baileys does not notice the end, so this call tells it.
    void this.socket.end(undefined);
    this.#finishSoon(reason);
  }

  /** Ends it without a logout: WhatsApp keeps the device, and what comes meanwhile waits for the next login. */
  async close(): Promise<void> {
    const reason: CloseReason = { kind: 'network', statusCode: undefined, message: 'closed by the program' };
    this.#failure ??= reason;
    this.#finishSoon(reason);
    void this.socket.end(undefined);
    await this.closed;
  }

  /** For a socket that does not report its end. */
  #finishSoon(reason: CloseReason): void {
    if (this.#over.signal.aborted) return;
    this.#finishTimer ??= setTimeout(() => this.#finish(reason), CLOSE_WITHIN_MS);
  }

  #finish(reason: CloseReason): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#isOpen = false;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#finishTimer);
    this.#pingCheck.stop();
    const cause = this.#sender.closed(reason);
    endListening(this.socket, EVENTS);
    cutOff(this.socket);
    this.removeAllListeners();
    this.#opened.resolve(false);
    this.#closed.resolve(cause);
  }
}

const EVENTS: ReadonlyArray<keyof BaileysEventMap> = [
  'connection.update',
  'creds.update',
  'groups.update',
  'group-participants.update',
];
