import type { EventEmitter } from 'node:events';
import type { BotStats } from '../../bot/bot.ts';
import { programVersion } from '../../config/program-options.ts';
import { lastMessages } from '../../core/messages/message-records.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type {
  CloseFacts,
  Situation,
  StatusSnapshot,
  StatusSource,
  Timing,
} from '../../http/status/status-source.ts';
import { maskNumber } from '../../logging/mask.ts';
import type { Session } from '../../session/session-store.ts';
import { TABLE_NAMES } from '../../session/values/table-names.ts';
import { numberAmong } from '../../whatsapp/address.ts';
import type { ClientEvents } from '../../whatsapp/client-events.ts';
import type { ClientState } from '../../whatsapp/client-state.ts';
import type { CloseReason } from '../../whatsapp/connection/close-reason.ts';
import type { Deafness } from '../../whatsapp/connection/work-watch.ts';
import { AnswerTimes } from './answer-times.ts';
import { CLOSE_KINDS, closeSentence } from './close-sentences.ts';

export interface StatusBoardParts {
  readonly client: Messenger &
    EventEmitter<ClientEvents> & {
      readonly state: ClientState;
      readonly lastAckAtMs: number | undefined;
      readonly deafness?: Deafness | undefined;
    };
  readonly session: Pick<Session, 'creds' | 'isLinked' | 'facts'> & Partial<Pick<Session, 'rows'>>;
  readonly sessionPath: string;
  readonly commandPrefix: string;
  readonly startedAtMs: number;
  readonly stats: () => BotStats | undefined;
  /** When the account's phone last showed a sign of life, if that is known. */
  readonly phoneSeenAtMs?: () => number | undefined;
  /** How many messages are set aside. */
  readonly setAside?: () => number;
}

/** Brings together what connection, bot and session know, in the words of the status page. */
export class StatusBoard implements StatusSource {
  readonly #parts: StatusBoardParts;
  readonly #timings: AnswerTimes;
  readonly #changeListeners = new Set<() => void>();
  readonly #timingListeners = new Set<(timing: Timing) => void>();
  readonly #reconnects = Object.fromEntries(CLOSE_KINDS.map((kind) => [kind, 0]));
  /** The state before the present one: a change is told after it has happened. */
  #before: ClientState;
  #lastClose: CloseFacts | undefined;
  #refusedLogins = 0;
  #unlinkedSinceMs: number | undefined;

  constructor(parts: StatusBoardParts) {
    const { client } = parts;
    this.#parts = parts;
    this.#before = client.state;
    this.#timings = new AnswerTimes((timing) => {
      for (const listener of this.#timingListeners) listener(timing);
    });
    client.on('changed', (state) => this.#changed(state));
    client.on('closed', (reason) => this.#closed(reason));
    client.on('received', (message) => this.#timings.received(message));
  }

  /** The client as the bot should use it, so that its sends are measured. */
  get messenger(): Messenger {
    return this.#timings.measured(this.#parts.client);
  }

  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  onTiming(listener: (timing: Timing) => void): () => void {
    this.#timingListeners.add(listener);
    return () => this.#timingListeners.delete(listener);
  }

  snapshot(): StatusSnapshot {
    const { client, session, sessionPath, commandPrefix, startedAtMs, stats, phoneSeenAtMs, setAside } =
      this.#parts;
    const counts = stats();
    return {
      nowMs: Date.now(),
      version: VERSION,
      startedAtMs,
      situation: toSituation(client.state),
      sinceMs: client.state.sinceMs,
      deafness: client.deafness,
      account: accountOf(session),
      sessionPath,
      commandPrefix,
      lastClose: this.#lastClose,
      reconnects: this.#reconnects,
      received: counts?.received ?? 0,
      answered: counts?.answered ?? 0,
      failed: counts?.failed ?? 0,
      ignored: counts?.ignored ?? {},
      sent: counts?.sent ?? 0,
      lastSentAtMs: client.lastAckAtMs,
      queued: counts?.queued ?? 0,
      reminders: counts?.reminders ?? 0,
      setAside: setAside?.(),
      journalBytes: session.facts().journalBytes,
      memoryBytes: process.memoryUsage.rss(),
      phoneSeenAtMs: phoneSeenAtMs?.(),
      unlinkedSinceMs: this.#unlinkedSinceMs,
      refusedLogins: this.#refusedLogins,
      lastMessages: lastMessages(),
      tableRows:
        session.rows && Object.fromEntries(TABLE_NAMES.map((name) => [name, session.rows?.(name).size ?? 0])),
    };
  }

  #changed(state: ClientState): void {
    const before = this.#before;
    if (before.kind === 'waiting' && state.kind === 'connecting') this.#countReconnect(before.reason.kind);
    if (state.kind === 'open') this.#refusedLogins = 0;
    if (state.kind === 'open') this.#unlinkedSinceMs = undefined;
    else if (state.kind === 'pairing') this.#unlinkedSinceMs ??= state.sinceMs;
    this.#before = state;
    for (const listener of this.#changeListeners) listener();
  }

  #countReconnect(kind: CloseReason['kind']): void {
    this.#reconnects[kind] = (this.#reconnects[kind] ?? 0) + 1;
  }

  #closed(reason: CloseReason): void {
    this.#lastClose = { kind: reason.kind, sentence: closeSentence(reason), atMs: Date.now() };
    this.#refusedLogins = reason.kind === 'auth-failed' ? this.#refusedLogins + 1 : 0;
  }
}

function toSituation(state: ClientState): Situation {
  switch (state.kind) {
    case 'idle':
      return { kind: 'starting' };
    case 'connecting':
    case 'open':
      return { kind: state.kind };
    case 'pairing':
      return {
        kind: 'pairing',
        qr: state.qr,
        code: state.code,
        expiresAtMs: state.expiresAtMs,
        hint: state.hint,
      };
    case 'waiting':
      return { kind: 'waiting', untilMs: state.untilMs };
    case 'stopped':
      return { kind: 'stopped', why: state.reason.kind };
    default:
      return state satisfies never;
  }
}

/** Half a pairing is no pairing. */
function accountOf(session: StatusBoardParts['session']): StatusSnapshot['account'] {
  const { me } = session.creds;
  if (!session.isLinked || !me) return undefined;
  const digits = numberAmong(me.id);
  return { number: digits && maskNumber(`+${digits}`), name: me.name };
}

const VERSION = programVersion();
