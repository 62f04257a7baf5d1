import type { BinaryNode, SocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.ts';
import { sleepUntilAborted } from '../../core/waits.ts';
import type { Session } from '../../session/session.ts';
import type { ClientState } from '../client-state.ts';
import type { Inbox } from '../receive/inbox.ts';
import { AnswerLog } from '../send/answer-log.ts';
import { DeviceCache } from '../send/device-cache.ts';
import { GroupCache } from '../send/group-cache.ts';
import { RetryCounters } from '../send/retry-counters.ts';
import { SentMessages } from '../send/sent-messages.ts';
import { SuspectQueue } from '../send/suspects.ts';
import { KeyTransactions } from '../signal/key-queue.ts';
import { signalRepositoryFactory } from '../signal/signal-repository.ts';
import type { CloseReason } from './close-reason.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import type { SocketSettings } from './open-socket.ts';

export interface ConnectorParts {
  readonly session: Session;
  readonly inbox: Inbox;
  readonly settings: () => SocketSettings;
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  readonly log: Logger;
  readonly baileysLog: SocketConfig['logger'];
  readonly now: () => number;
  readonly onPairing: (state: Extract<ClientState, { kind: 'pairing' }>) => void;
  readonly onPaired: () => void;
  readonly onOpen: () => void;
  readonly onStanza: (node: BinaryNode) => void;
}

const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const KEYS_FREE_WITHIN_MS = 300;

/** One connection after another, never two at once, and what outlives them: keys, caches, counters. */
export class Connector {
  readonly sent: SentMessages;
  readonly groups: GroupCache;
  readonly #parts: ConnectorParts;
  readonly #keys: KeyTransactions;
  readonly #answers: AnswerLog;
  readonly #suspects = new SuspectQueue();
  readonly #retries = new RetryCounters();
  readonly #devices: DeviceCache;
  readonly #makeSignalRepository: ConnectionParts['makeSignalRepository'];
  #connection: Connection | undefined;

  constructor(parts: ConnectorParts) {
    const { session, inbox, log, now } = parts;
    this.#parts = parts;
    this.#keys = new KeyTransactions({
      get: (type, ids) => this.#readKeys(type, ids),
      set: (changes) => session.set(changes),
    });
    this.sent = new SentMessages(session, now);
    this.#answers = new AnswerLog(log);
    this.groups = new GroupCache(this.#answers);
    this.#devices = new DeviceCache(session, now, (detail) =>
      log.debug({ detail }, 'the list of devices could not be kept'),
    );
    this.#makeSignalRepository = signalRepositoryFactory(this.#keys, inbox);
  }

  /** The one that lives, open or not. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** From opening a socket to its close. Once the signal has aborted it is closed at once. */
  async connect(signal: AbortSignal): Promise<CloseReason> {
    const { session, settings, inbox, baileysLog, onPaired, onOpen, onStanza } = this.#parts;
    try {
      session.probe();
    } catch (error) {
      return { kind: 'storage-failed', message: messageOf(error) };
    }
    session.forgetHalfPairing();
    let qrCount = 0;
    const connection = new Connection({
      settings: settings(),
      session,
      inbox,
      sent: this.sent,
      answers: this.#answers,
      suspects: this.#suspects,
      logger: baileysLog,
      makeSignalRepository: this.#makeSignalRepository,
      groups: this.groups,
      msgRetryCounterCache: this.#retries,
      devices: this.#devices,
      onQr: (qr) => void this.#showPairing(connection, qr, qrCount++),
      onPaired,
      onOpen,
      onFrame: (frame) => {
        if (!(frame instanceof Uint8Array)) onStanza(frame as BinaryNode);
      },
    });
    this.#connection = connection;
    if (signal.aborted) void connection.close();
    const reason = await connection.closed;
    await this.freeKeys();
    this.#connection = undefined;
    return reason;
  }

  /** With the connection end the transactions that waited for it; one that does not is given up. */
  async freeKeys(): Promise<void> {
    const enough = new AbortController();
    const idle = this.#keys.idle().then(() => true);
    const isIdle = await Promise.race([idle, sleepUntilAborted(KEYS_FREE_WITHIN_MS, enough.signal)]);
    enough.abort();
    if (!isIdle) this.#keys.abandon();
  }

  /** A write to the session failed: give the connection up, so that WhatsApp keeps what comes. */
  storageFailed(error: unknown): void {
    this.#connection?.fail({ kind: 'storage-failed', message: messageOf(error) });
  }

  async #showPairing(connection: Connection, qr: string, index: number): Promise<void> {
    const { pairingNumber, now, onPairing } = this.#parts;
    if (!pairingNumber) {
      const expiresAtMs = now() + (index === 0 ? FIRST_QR_MS : NEXT_QR_MS);
      onPairing({ kind: 'pairing', qr, code: undefined, expiresAtMs, index });
      return;
    }
    if (index > 0) return;
    try {
      const code = await connection.socket.requestPairingCode(pairingNumber);
      onPairing({ kind: 'pairing', qr: undefined, code, expiresAtMs: undefined, index });
    } catch (error) {
      const message = `no pairing code: ${messageOf(error)}`;
      connection.fail({ kind: 'network', statusCode: undefined, message });
    }
  }

  /** Baileys takes a key that cannot be read for a missing one, and tells WhatsApp that the message is bad. */
  #readKeys(type: string, ids: readonly string[]): Record<string, unknown> {
    try {
      return this.#parts.session.get(type, ids);
    } catch (error) {
      this.storageFailed(error);
      throw error;
    }
  }
}
