import type { WASocket } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { ageMs, type Clock } from '../../core/clock.ts';
import { isAppError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { noteRefusal } from '../../core/refusal-counts.ts';
import { mustAsk, type NumberAnswer, numberMeant, pauseMs } from '../../core/typed-number.ts';
import type { Session } from '../../session/session-store.ts';
import { unlessAborted } from '../abortable.ts';
import { numberAmong } from '../address.ts';
import { answerIn, codeOf } from '../send/answer-verdicts.ts';
import { hasKeysFor } from './lid-numbers.ts';
import { type NumberFound, numberQuery, readNumberAnswer } from './number-query.ts';

const { count: MAX_ROWS, timeMs: KEEP_MS } = LIMITS['table:numbers'];
/** The map keeps up to twice as many as it is told. */
const MOST_PAUSED = LIMITS['number-lookups'].count / 2;
/** How long a send waits for the answer before it uses the number as it is. */
const SEND_WAITS_MS = 5_000;

/** What a look-up needs of a socket. */
export type NumberSocket = Pick<WASocket, 'query' | 'generateMessageTag' | 'signalRepository' | 'ws'>;

/**
 * The numbers that people typed, and the numbers under which WhatsApp knows them: a Brazilian number may have a ninth
 * digit, an Argentine one a 9 after 54, a Mexican one a 1 after 52, or not, and only WhatsApp knows which. The bot asks
 * once for each number and keeps the answer over restarts.
 */
export class TypedNumbers {
  readonly #session: Session;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #clock: Pick<Clock, 'now'>;
  /** Numbers in the settings: their answers are not dropped for those of others. */
  readonly #listed: ReadonlySet<string>;
  readonly #asking = new Map<string, Promise<NumberAnswer | undefined>>();
  readonly #paused = new RecentMap<{ readonly failures: number; readonly sinceMs: number }>(MOST_PAUSED);

  constructor(
    session: Session,
    log: Pick<Logger, 'warn'>,
    clock: Pick<Clock, 'now'>,
    listed: Iterable<string> = [],
  ) {
    this.#session = session;
    this.#log = log;
    this.#clock = clock;
    this.#listed = new Set(listed);
  }

  get #rows(): ReadonlyMap<string, NumberAnswer> {
    return this.#session.rows<NumberAnswer>('numbers');
  }

  /** The number that stands for a typed one; the same if WhatsApp has told no other. */
  numberOf(typed: string): string {
    return numberMeant(typed, this.#rows.get(typed), this.#clock.now());
  }

  /** What WhatsApp answered about a number, at most some days ago. */
  answerTo(typed: string): NumberAnswer | undefined {
    const answer = this.#rows.get(typed);
    return mustAsk(answer, this.#clock.now()) ? undefined : answer;
  }

  /** A JID with the number that stands for the one in it. Any other JID stays as it is. */
  chatOf(jid: string): string {
    const number = numberIn(jid);
    const meant = number && this.numberOf(number);
    return meant === number ? jid : `${meant}@s.whatsapp.net`;
  }

  /** `chatOf`, after a look-up if nothing is known of the number yet. */
  async lookUpChat(jid: string, socket: NumberSocket): Promise<string> {
    const number = numberIn(jid);
    const isOwn = number === numberAmong(this.#session.creds.me?.id);
    if (number && !isOwn && !hasKeysFor(this.#session, jid) && this.mayAsk(number))
      await unlessAborted(this.ask(number, socket), AbortSignal.timeout(SEND_WAITS_MS));
    return this.chatOf(jid);
  }

  /** Whether WhatsApp must be asked for this number: false if it gave no answer about it a moment ago. */
  mayAsk(typed: string): boolean {
    if (!mustAsk(this.#rows.get(typed), this.#clock.now())) return false;
    const paused = this.#paused.get(typed);
    return !paused || ageMs(paused.sinceMs, this.#clock.now()) >= pauseMs(paused.failures);
  }

  /** Asks WhatsApp for a number and keeps the answer; undefined if it gives none. Never rejects. */
  ask(typed: string, socket: NumberSocket): Promise<NumberAnswer | undefined> {
    const asking = this.#asking.get(typed) ?? this.#ask(typed, socket);
    this.#asking.set(typed, asking);
    return asking.finally(() => this.#asking.delete(typed));
  }

  async #ask(typed: string, socket: NumberSocket): Promise<NumberAnswer | undefined> {
    try {
      const answer = await socket.query(numberQuery(typed, socket.generateMessageTag()));
      const found = readNumberAnswer(answer, typed);
      if (found) return await this.#keep(typed, found, socket);
    } catch (error) {
      // A closed connection says nothing about the number, and the session has reported a failed write.
      if (!socket.ws.isOpen || isAppError(error, 'STORAGE_FAILED')) return undefined;
      const code = codeOf(answerIn(error));
      noteRefusal(code);
      this.#log.warn(
        { request: 'number', code },
        'WhatsApp refused to look up a number; the bot asks again later',
      );
    }
    const failures = (this.#paused.get(typed)?.failures ?? 0) + 1;
    this.#paused.set(typed, { failures, sinceMs: this.#clock.now() });
    return undefined;
  }

  /** Both addresses are kept, so that a message under the LID is known to come from this number. */
  async #keep(typed: string, found: NumberFound, socket: NumberSocket): Promise<NumberAnswer> {
    const answer: NumberAnswer = { atMs: this.#clock.now(), number: found.number };
    if (found.addresses) await socket.signalRepository.lidMapping.storeLIDPNMappings([found.addresses]);
    await this.#session.set({ numbers: { ...this.#superfluous(), [typed]: answer } });
    this.#paused.delete(typed);
    return answer;
  }

  /** The oldest rows beyond the limit that no setting has, to be removed. */
  #superfluous(): Record<string, null> {
    const oldest = [...this.#rows]
      .filter(([number]) => !this.#listed.has(number))
      .sort(([, one], [, other]) => one.atMs - other.atMs);
    const tooMany = Math.max(0, this.#rows.size + 1 - MAX_ROWS);
    return Object.fromEntries(oldest.slice(0, tooMany).map(([number]) => [number, null]));
  }

  prune(): void | Promise<void> {
    const nowMs = this.#clock.now();
    const old = [...this.#rows].filter(([, { atMs }]) => ageMs(atMs, nowMs) >= KEEP_MS);
    if (old.length > 0)
      return this.#session.set({ numbers: Object.fromEntries(old.map(([number]) => [number, null])) });
  }
}

const numberIn = (jid: string): string | undefined =>
  jid.endsWith('@s.whatsapp.net') ? numberAmong(jid) : undefined;
