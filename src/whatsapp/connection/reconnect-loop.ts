import type { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { assertNever, isAppError, messageOf } from '../../core/errors.ts';
import { REFUSED_LOGINS_TO_TELL } from '../../core/warning-thresholds.ts';
import type { Session } from '../../session/session-store.ts';
import type { ClientEvents } from '../client-events.ts';
import {
  type ClientActivity,
  type ClientState,
  nextState,
  type StopReason,
  statusWord,
} from '../client-state.ts';
import { PairingHistory } from '../pairing/code-attempts.ts';
import { PairingRound } from '../pairing/pairing-round.ts';
import type { VersionChoice } from '../wa-version.ts';
import type { CloseReason } from './close-reason.ts';
import type { Connection } from './connection.ts';
import type { ConnectionFactory } from './connection-factory.ts';
import type { ConnectionLog } from './connection-log.ts';
import {
  type CloseHistory,
  type Decision,
  decideReconnect,
  type Ending,
  NO_CLOSES,
  type ReconnectPolicy,
  recordClose,
  recordOpened,
  recordStable,
} from './reconnect-policy.ts';

export interface LoopParts {
  readonly connections: ConnectionFactory;
  readonly session: Session;
  readonly log: Logger;
  readonly connectionLog: ConnectionLog;
  readonly policy: ReconnectPolicy;
  readonly version: VersionChoice;
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  /** Where the loop reports what happened. */
  readonly events: EventEmitter<ClientEvents>;
  readonly clock: Clock;
  readonly random: () => number;
  /** They see each stanza that WhatsApp sends, on whichever connection. */
  readonly observers: ReadonlyArray<{ saw(node: BinaryNode): void }>;
}

const STABLE_AFTER_MS = 60_000;

/**
 * Opens a connection, waits for its end, and opens the next one, for ever. Only a logout, a second takeover and its
 * signal end it. It owns the client's state: `#transition` is the only place that changes it.
 */
export class ReconnectLoop {
  readonly #parts: LoopParts;
  #state: ClientState;
  #history: CloseHistory = NO_CLOSES;
  readonly #pairings = new PairingHistory();
  #connection: Connection | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#state = { kind: 'idle', sinceMs: parts.clock.now() };
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The connection that lives, open or not. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Ends the present connection, because another one may work better. */
  renew(message: string): void {
    this.#connection?.fail({ kind: 'network', statusCode: undefined, message });
  }

  async run(signal: AbortSignal): Promise<StopReason> {
    const reason = await this.#runUntilEnd(signal);
    this.#transition({ kind: 'stopped', reason });
    return reason;
  }

  async #runUntilEnd(signal: AbortSignal): Promise<StopReason> {
    const { events, clock } = this.#parts;
    while (!signal.aborted) {
      this.#transition({ kind: 'connecting' });
      const { reason, openedAtMs } = await this.#connect(signal);
      if (signal.aborted) break;
      events.emit('closed', reason);
      const nowMs = clock.upMs();
      const wasStable = openedAtMs !== undefined && nowMs - openedAtMs >= STABLE_AFTER_MS;
      const decision = this.#decide(reason, wasStable, nowMs);
      if (decision.action === 'stop') return this.#giveUp(decision.as, reason);
      const { delayMs } = decision;
      this.#transition({ kind: 'waiting', reason, untilMs: clock.now() + delayMs });
      await this.#waitFor(reason, delayMs, signal);
    }
    return { kind: 'asked' };
  }

  /** One connection from its opening to its close. `openedAtMs` is by `clock.upMs()`; undefined if it was never open. */
  async #connect(signal: AbortSignal): Promise<{ reason: CloseReason; openedAtMs: number | undefined }> {
    const { connections, events, log, pairingNumber, clock, observers } = this.#parts;
    let connection: Connection;
    try {
      connection = connections.open();
    } catch (error) {
      if (!isAppError(error)) throw error;
      return { reason: { kind: 'storage-failed', message: messageOf(error) }, openedAtMs: undefined };
    }
    this.#connection = connection;
    for (const observer of observers) connection.on('stanza', (node) => observer.saw(node));
    connection.on('paired', () => events.emit('paired'));
    const round = new PairingRound(connection, { pairingNumber, log, clock }, this.#pairings);
    round.on('shown', (pairing) => {
      // A code may come after the connection has ended.
      if (this.#connection === connection) this.#transition(pairing);
    });
    round.start();
    if (signal.aborted) void connection.close();
    let openedAtMs: number | undefined;
    if (await connection.opened) {
      openedAtMs = clock.upMs();
      this.#opened();
    }
    const reason = await connection.closed;
    await connections.freeKeys();
    this.#connection = undefined;
    return { reason, openedAtMs };
  }

  #opened(): void {
    this.#history = recordOpened(this.#history);
    this.#transition({ kind: 'open' });
    this.#parts.events.emit('opened');
  }

  #transition(activity: ClientActivity): void {
    const { connectionLog, events, clock } = this.#parts;
    const before = this.#state;
    this.#state = nextState(before, activity, clock.now());
    const word = statusWord(this.#state);
    if (word !== undefined && word !== statusWord(before)) connectionLog.status(word);
    events.emit('changed', this.#state);
  }

  #decide(reason: CloseReason, wasStable: boolean, nowMs: number): Decision {
    const { policy, random } = this.#parts;
    const before = wasStable ? recordStable(this.#history) : this.#history;
    const decision = decideReconnect(reason, before, policy, nowMs, random);
    this.#history = recordClose(reason, before, nowMs);
    return decision;
  }

  async #waitFor(reason: CloseReason, delayMs: number, signal: AbortSignal): Promise<void> {
    const { connectionLog, version, clock } = this.#parts;
    connectionLog.closed(reason, this.#history);
    if (this.#history.authFailures >= REFUSED_LOGINS_TO_TELL) this.#refusedAgainAndAgain();
    if (reason.kind === 'version-refused') await version.refresh(signal);
    connectionLog.waiting(delayMs);
    if (delayMs > 0) await clock.sleep(delayMs, signal).catch(() => {});
  }

  /** A session whose login was accepted once is kept in any case: only a person may give it up. */
  #refusedAgainAndAgain(): void {
    const { connectionLog, session } = this.#parts;
    if (session.forgetUnconfirmedPairing()) connectionLog.pairingCutOff();
    else connectionLog.sessionProbablyGone(this.#history.authFailures);
  }

  #giveUp(ending: Ending, reason: CloseReason): StopReason {
    const { connectionLog } = this.#parts;
    switch (ending) {
      case 'replaced':
        connectionLog.replacedForGood();
        break;
      case 'logged-out':
        connectionLog.loggedOut();
        this.#noteLogout(reason.kind === 'logged-out' ? reason.detail : reason.kind);
        break;
      default:
        return assertNever(ending);
    }
    return { kind: ending };
  }

  #noteLogout(reason: string): void {
    const { session, log, clock } = this.#parts;
    try {
      session.noteLogout({ atMs: clock.now(), reason });
    } catch (error) {
      log.warn({ detail: messageOf(error) }, 'could not note the logout in the session folder');
    }
  }
}
