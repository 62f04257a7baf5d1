import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.ts';
import type { Session } from '../../session/session.ts';
import type { ClientState, StopReason } from '../client-state.ts';
import type { VersionChoice } from '../wa-version.ts';
import type { CloseReason } from './close-reason.ts';
import type { Narrator } from './connection-log.ts';
import {
  AUTH_FAILURES_TO_TELL,
  type CloseHistory,
  decideReconnect,
  NO_CLOSES,
  type ReconnectPolicy,
  recordClose,
  recordOpened,
  recordStable,
} from './reconnect-policy.ts';

export interface LoopParts {
  readonly session: Session;
  readonly log: Logger;
  readonly narrator: Narrator;
  readonly policy: ReconnectPolicy;
  readonly version: VersionChoice;
  readonly now: () => number;
  /** Milliseconds that only go forward. */
  readonly uptime: () => number;
  readonly random: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** One connection, from its opening to its close. */
  readonly connect: (signal: AbortSignal) => Promise<CloseReason>;
  readonly onState: (state: ClientState) => void;
  readonly onClosed: (reason: CloseReason) => void;
}

const STABLE_AFTER_MS = 60_000;

/** Connects, and connects again for ever; only a logout and a second takeover end it, and its signal. */
export class ReconnectLoop {
  readonly #parts: LoopParts;
  #history: CloseHistory = NO_CLOSES;
  /** When the present connection was opened, or the last one, by `uptime`. */
  #openedAtMs: number | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  opened(): void {
    this.#openedAtMs = this.#parts.uptime();
    this.#history = recordOpened(this.#history);
    this.#parts.onState({ kind: 'open', sinceMs: this.#parts.now() });
  }

  async run(signal: AbortSignal): Promise<StopReason> {
    const { connect, now, onState, onClosed } = this.#parts;
    while (!signal.aborted) {
      this.#openedAtMs = undefined;
      onState({ kind: 'connecting', sinceMs: now() });
      const reason = await connect(signal);
      if (signal.aborted) break;
      onClosed(reason);
      const delayMs = this.#decide(reason);
      if (delayMs === undefined) return this.#giveUp(reason);
      onState({ kind: 'waiting', reason, untilMs: now() + delayMs });
      await this.#waitFor(reason, delayMs, signal);
    }
    return { kind: 'asked' };
  }

  /** How long to wait, or undefined where this was the end. */
  #decide(reason: CloseReason): number | undefined {
    const { policy, random, uptime } = this.#parts;
    const nowMs = uptime();
    const wasStable = this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= STABLE_AFTER_MS;
    const before = wasStable ? recordStable(this.#history) : this.#history;
    const decision = decideReconnect(reason, before, policy, nowMs, random);
    this.#history = recordClose(reason, before, nowMs);
    return decision.action === 'stop' ? undefined : decision.delayMs;
  }

  async #waitFor(reason: CloseReason, delayMs: number, signal: AbortSignal): Promise<void> {
    const { narrator, version, wait } = this.#parts;
    narrator.closed(reason, this.#history);
    if (this.#history.authFailures >= AUTH_FAILURES_TO_TELL) this.#refusedForGood();
    if (reason.kind === 'version-refused') await version.refresh(signal);
    narrator.waiting(delayMs);
    if (delayMs > 0) await wait(delayMs, signal);
  }

  /** A session that was let in before is kept whatever happens: only a person gives it up. */
  #refusedForGood(): void {
    const { narrator, session } = this.#parts;
    if (session.forgetUnconfirmedPairing()) narrator.pairingCutOff();
    else narrator.sessionProbablyGone(this.#history.authFailures);
  }

  #giveUp(reason: CloseReason): StopReason {
    const { narrator, session, log, now } = this.#parts;
    if (reason.kind !== 'logged-out') {
      narrator.replacedForGood();
      return { kind: 'replaced' };
    }
    narrator.loggedOut();
    try {
      session.noteLogout({ atMs: now(), reason: reason.detail });
    } catch (error) {
      log.warn({ detail: messageOf(error) }, 'the logout could not be noted in the session folder');
    }
    return { kind: 'logged-out' };
  }
}
