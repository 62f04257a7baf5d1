import { type BinaryNode, jidDecode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { ageMs, type Clock } from '../../core/clock.ts';
import { DAY_MS } from '../../core/limits/limit-units.ts';
import { PHONE_MISSED_AFTER_MS, PHONE_UNLINKED_AFTER_MS } from '../../core/warning-thresholds.ts';
import type { Session } from '../../session/session-store.ts';
import { personAddress } from '../address.ts';
import type { Account } from '../receive/parse-message.ts';

/** Every message is a sign of life, and one note a day is enough. */
const NOTE_EVERY_MS = 60 * 60 * 1000;
const CHECK_EVERY_MS = 6 * 60 * 60 * 1000;
const DAYS_UNTIL_UNLINKED = PHONE_UNLINKED_AFTER_MS / DAY_MS;
const ROW = 'phone-seen';

/** Whether this stanza comes from the account's own phone, which is its device 0. */
export function isFromOwnPhone({ tag, attrs }: BinaryNode, me: Account): boolean {
  if (tag !== 'message' && tag !== 'receipt' && tag !== 'notification') return false;
  const sender = attrs.participant ?? attrs.from;
  const user = personAddress(sender)?.user;
  const isOwn =
    user !== undefined && (user === personAddress(me.id)?.user || user === personAddress(me.lid)?.user);
  return isOwn && (jidDecode(sender)?.device ?? 0) === 0;
}

/** Days until WhatsApp unlinks this device; undefined if the phone has not been away long enough for a warning. */
export function daysLeft(seenAtMs: number | undefined, nowMs: number): number | undefined {
  if (seenAtMs === undefined || nowMs - seenAtMs < PHONE_MISSED_AFTER_MS) return undefined;
  return Math.max(0, Math.ceil((seenAtMs + PHONE_UNLINKED_AFTER_MS - nowMs) / DAY_MS));
}

/** Remembers over restarts when the phone last showed a sign of life, and warns when that is long ago. */
export class PhoneWatch {
  readonly #session: Session;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #clock: Pick<Clock, 'now'>;
  #timer: NodeJS.Timeout | undefined;

  constructor(session: Session, log: Pick<Logger, 'warn'>, clock: Pick<Clock, 'now'>) {
    this.#session = session;
    this.#log = log;
    this.#clock = clock;
  }

  get seenAtMs(): number | undefined {
    return this.#session.rows<number>('client').get(ROW);
  }

  start(): void {
    this.check();
    this.#timer ??= setInterval(() => this.check(), CHECK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  saw(node: BinaryNode): void {
    const { me } = this.#session.creds;
    if (!me || !isFromOwnPhone(node, { id: me.id, lid: me.lid })) return;
    // A sign of life in the future was noted while the clock was wrong.
    if (ageMs(this.seenAtMs ?? 0, this.#clock.now()) < NOTE_EVERY_MS) return;
    try {
      void this.#session.set({ client: { [ROW]: this.#clock.now() } });
    } catch {
      // The session has reported its failed write; the next sign of life is noted again.
    }
  }

  /** One warning line when the phone has been away for ten days or more. */
  check(): void {
    const days = daysLeft(this.seenAtMs, this.#clock.now());
    if (days === undefined) return;
    this.#log.warn(
      { daysLeft: days },
      `The phone of this account has not been seen for ${DAYS_UNTIL_UNLINKED - days} days or more. ` +
        `WhatsApp unlinks this bot in about ${days} days: open WhatsApp on the phone, with internet.`,
    );
  }
}
