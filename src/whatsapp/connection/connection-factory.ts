import type { SocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { type Clock, sleep } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Session } from '../../session/session-store.ts';
import type { TypedNumbers } from '../numbers/typed-numbers.ts';
import type { Inbox } from '../receive/inbox.ts';
import { AnswerLog } from '../send/answer-log.ts';
import { CloseSuspects } from '../send/close-suspects.ts';
import { DeviceCache } from '../send/device-cache.ts';
import { GroupCache } from '../send/group-cache.ts';
import { GroupChanges } from '../send/group-changes.ts';
import { RecipientAddresses } from '../send/recipient-address.ts';
import { RetryCounters } from '../send/resend-counters.ts';
import type { SentMessages } from '../send/sent-messages.ts';
import { KeyQueue } from '../signal/key-queue.ts';
import { type DecryptionHooks, signalRepositoryFactory } from '../signal/signal-repository.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import type { SocketSettings } from './open-socket.ts';
import type { WorkWatch } from './work-watch.ts';

export interface ConnectionFactoryParts {
  readonly session: Session;
  readonly inbox: Inbox;
  readonly sent: SentMessages;
  /** Read for each connection: the client version may change between two. */
  readonly settings: () => SocketSettings;
  readonly log: Logger;
  readonly baileysLog: SocketConfig['logger'];
  readonly clock: Pick<Clock, 'now'>;
  readonly watch: WorkWatch;
  readonly numbers: TypedNumbers;
}

const KEYS_FREE_WITHIN_MS = 300;

/** Makes connections, and keeps what outlives each of them: the key queue, caches, counters. */
export class ConnectionFactory {
  readonly sent: SentMessages;
  readonly devices: DeviceCache;
  readonly groups: GroupCache;
  readonly groupChanges: GroupChanges;
  readonly #parts: ConnectionFactoryParts;
  readonly #keys: KeyQueue;
  readonly #answers: AnswerLog;
  readonly #suspects = new CloseSuspects();
  readonly #addresses: RecipientAddresses;
  readonly #retries = new RetryCounters();
  readonly #makeSignalRepository: ConnectionParts['makeSignalRepository'];
  #newest: Connection | undefined;

  constructor(parts: ConnectionFactoryParts) {
    const { session, inbox, sent, log, clock, watch, numbers } = parts;
    this.#parts = parts;
    this.#keys = new KeyQueue(
      {
        get: (type, ids) => this.#readKeys(type, ids),
        set: (changes) => session.set(changes),
      },
      {
        onOverdue: (message) => this.#newest?.fail({ kind: 'network', statusCode: undefined, message }),
      },
    );
    this.sent = sent;
    this.#answers = new AnswerLog(log);
    this.#addresses = new RecipientAddresses(session, numbers);
    this.groups = new GroupCache(this.#answers);
    this.groupChanges = new GroupChanges(this.#answers);
    this.devices = new DeviceCache(session, clock, log);
    this.#makeSignalRepository = signalRepositoryFactory(this.#keys, watchedHooks(inbox, watch), log);
  }

  /** Opens a socket. Throws if the session folder cannot be written, because no message could be acknowledged. */
  open(): Connection {
    const { session, settings, inbox, baileysLog } = this.#parts;
    session.probe();
    session.forgetHalfPairing();
    this.#newest = new Connection({
      settings: settings(),
      session,
      inbox,
      sent: this.sent,
      answers: this.#answers,
      suspects: this.#suspects,
      addresses: this.#addresses,
      logger: baileysLog,
      makeSignalRepository: this.#makeSignalRepository,
      groups: this.groups,
      msgRetryCounterCache: this.#retries,
      devices: this.devices,
    });
    return this.#newest;
  }

  /** After a close: waits for the key transactions that depended on the connection, and gives up one that hangs. */
  async freeKeys(): Promise<void> {
    const enough = new AbortController();
    const idle = this.#keys.idle().then(() => true);
    const late = sleep(KEYS_FREE_WITHIN_MS, enough.signal).catch(() => {});
    const isIdle = await Promise.race([idle, late]);
    enough.abort();
    if (!isIdle) this.#keys.abandon();
  }

  /** Baileys takes a key that cannot be read for a missing one, and tells WhatsApp that the message is bad. */
  #readKeys(type: string, ids: readonly string[]): Record<string, unknown> {
    try {
      return this.#parts.session.get(type, ids);
    } catch (error) {
      this.#newest?.fail({ kind: 'storage-failed', message: messageOf(error) });
      throw error;
    }
  }
}

/** The inbox, which also tells the watch how each decryption ended. */
function watchedHooks(inbox: Inbox, watch: WorkWatch): DecryptionHooks {
  return {
    before: (ciphertext) => inbox.before(ciphertext),
    decrypted: (ciphertext, plaintext) => inbox.decrypted(ciphertext, plaintext),
    stored: (ciphertext) => {
      watch.decrypted();
      inbox.stored(ciphertext);
    },
    failed: (ciphertext) => {
      watch.couldNotDecrypt();
      inbox.failed(ciphertext);
    },
  };
}
