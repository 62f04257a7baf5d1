import { type BinaryNode, jidNormalizedUser } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { EntrySizes } from '../../core/entry-sizes.ts';
import { messageOf } from '../../core/errors.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Session } from '../../session/session-store.ts';
import { lidOfNumber } from '../numbers/lid-numbers.ts';
import { atStart, type InboxChanges, type InboxRow, prune, rowBytes } from './inbox-rows.ts';
import { type OutcomeChanges, OutcomeTable } from './outcome-table.ts';
import {
  type Account,
  type Envelope,
  type EnvelopeFacts,
  keyByLid,
  messageKey,
  readEnvelope,
  senderAddresses,
} from './parse-message.ts';
import { noteUnhandled } from './unhandled-message.ts';

/** The log says that a limit was reached at most this often. */
const SAY_EVERY_MS = 60 * 60 * 1000;
/** Exact in binary, so that a thousand rows have an order within one millisecond. */
const FRACTION_MS = 1 / 1024;
/** A row from further ahead than this was dated by a wrong clock, and new rows do not go on from it. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;
/** Rows expire with time, so they are looked through at least this often. */
const PRUNE_EVERY_MS = 60 * 60 * 1000;

/** The attributes that become part of a key, or of what is kept of a message. */
const NAMES = [
  'id',
  'from',
  'participant',
  'recipient',
  'sender_pn',
  'sender_lid',
  'participant_pn',
  'participant_lid',
];

const LIMIT = 'table:inbox';

/** The inbox rows of a session, found by key or by the hash of a ciphertext. */
export class InboxTable {
  readonly #session: Session;
  readonly #log: Logger;
  readonly #facts: EnvelopeFacts;
  readonly #clock: Pick<Clock, 'now'>;
  /** What became of messages that are finished or never were for the bot. */
  readonly outcomes: OutcomeTable;
  readonly #keyOfHash = new Map<string, string>();
  readonly #weights = new EntrySizes();
  #lastAtMs = 0;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(session: Session, log: Logger, facts: EnvelopeFacts, clock: Pick<Clock, 'now'>) {
    this.#session = session;
    this.#log = log;
    this.#facts = facts;
    this.#clock = clock;
    this.outcomes = new OutcomeTable(session, clock);
    this.#settle(session.wasKilled);
    this.prune();
    const latestMs = this.#clock.now() + MAX_AHEAD_MS;
    for (const [key, row] of this.rows) {
      this.#weights.set(key, rowBytes(row));
      if (row.atMs <= latestMs) this.#lastAtMs = Math.max(this.#lastAtMs, row.atMs);
    }
    for (const [key, row] of this.rows) for (const hash of row.hashes) this.#keyOfHash.set(hash, key);
  }

  /** The time for a new row: later than that of each row before it, by a fraction within the same millisecond. */
  nextAtMs(): number {
    const nowMs = this.#clock.now();
    this.#lastAtMs = nowMs > this.#lastAtMs ? nowMs : this.#lastAtMs + FRACTION_MS;
    return this.#lastAtMs;
  }

  get rows(): ReadonlyMap<string, InboxRow> {
    return this.#session.rows<InboxRow>('inbox');
  }

  /** The linked account; undefined until a phone has linked it. */
  get me(): Account | undefined {
    const { me } = this.#session.creds;
    return me ? { id: me.id, lid: me.lid } : undefined;
  }

  /** The row that a ciphertext was decrypted for, and its place among the hashes of that row. */
  findHash(hash: string): { readonly row: InboxRow; readonly index: number } | undefined {
    const row = this.rows.get(this.#keyOfHash.get(hash) ?? '');
    const index = row?.hashes.indexOf(hash) ?? -1;
    return row && index !== -1 ? { row, index } : undefined;
  }

  noteHash(hash: string, key: string): void {
    this.#keyOfHash.set(hash, key);
  }

  /**
   * What a stanza's attributes say. Undefined if they are malformed or too long, or if no phone has linked the account.
   */
  envelope(attrs: BinaryNode['attrs']): Envelope | undefined {
    const { me } = this;
    if (NAMES.some((name) => (attrs[name]?.length ?? 0) > LIMITS['message-ids'].bytesEach)) {
      noteLimitReached('message-ids');
      return undefined;
    }
    try {
      return me && readEnvelope(attrs, me, this.#facts);
    } catch {
      this.#log.debug('could not read the attributes of a message stanza');
      return undefined;
    }
  }

  /** All known addresses of the sender, without a device: by number and by LID. */
  addressesOf(envelope: Envelope): string[] {
    const { senderNumber: number, isFromMe } = envelope;
    const lid = number === undefined ? undefined : lidOfNumber(this.#session, number);
    const own = isFromMe ? [this.me?.id, this.me?.lid].map((jid) => jid && jidNormalizedUser(jid)) : [];
    const all = [...senderAddresses(envelope), lid, ...own];
    return [...new Set(all.filter((jid) => jid !== undefined))];
  }

  keyOf(attrs: BinaryNode['attrs']): string | undefined {
    const envelope = this.envelope(attrs);
    return envelope && this.keyFor(envelope);
  }

  /** A message keeps the key of its row, even if the phone number of its sender becomes known later. */
  keyFor(envelope: Envelope): string {
    const earlier = keyByLid(envelope);
    return this.rows.has(earlier) ? earlier : messageKey(envelope);
  }

  /** Throws `STORAGE_FAILED`. */
  set(changes: InboxChanges, outcomes: OutcomeChanges = {}): void | Promise<void> {
    const stored = this.#session.set({ inbox: changes, outcomes });
    this.#weigh(Object.keys(changes));
    this.outcomes.pruneIfFull();
    return stored;
  }

  /** Like `set`, but a failed write is only logged: the change is not needed, or the next start makes it again. */
  trySet(changes: InboxChanges, outcomes?: OutcomeChanges): void {
    try {
      void this.set(changes, outcomes);
    } catch (error) {
      this.#log.debug({ detail: messageOf(error) }, 'could not store a change of the inbox');
    }
  }

  /** How many messages are set aside. */
  get setAside(): number {
    let count = 0;
    for (const { isSetAside } of this.rows.values()) if (isSetAside) count += 1;
    return count;
  }

  #settle(wasKilled: boolean): void {
    const before = this.rows;
    const changes = atStart(before, wasKilled);
    for (const [key, row] of Object.entries(changes)) {
      if (!row?.isSetAside || before.get(key)?.isSetAside) continue;
      noteLimitReached(row.hasSent ? 'crashes:sent' : 'crashes');
      const facts = { messageId: row.attrs?.id, crashes: row.crashes };
      this.#log.warn(facts, 'a message is set aside: the bot crashed each time that it worked on it');
    }
    if (Object.keys(changes).length > 0) this.trySet(changes);
  }

  /** Must be called when rows were stored by others than `set`. Prunes if a limit is exceeded by a tenth. */
  stored(keys: Iterable<string>): void {
    this.#weigh(keys);
    this.outcomes.pruneIfFull();
    const { count, bytes } = LIMITS[LIMIT];
    const isFull = this.rows.size > count * 1.1 || this.#weights.total > bytes * 1.1;
    if (isFull || this.#clock.now() - this.#prunedAtMs > PRUNE_EVERY_MS) this.prune();
  }

  /** A message that is not kept because it is too large. */
  noteTooLarge(bytes: number): void {
    noteLimitReached(LIMIT);
    this.#sayOnce({ bytes }, 'a message is too large to be kept; the bot does not get it');
  }

  #weigh(keys: Iterable<string>): void {
    for (const key of keys) {
      const row = this.rows.get(key);
      this.#weights.set(key, row && rowBytes(row));
    }
  }

  /** Forgets what is too old or too much. */
  prune(): void {
    this.#prunedAtMs = this.#clock.now();
    const { changes, givenUp } = prune(this.rows, this.#clock.now());
    for (const [key, row] of Object.entries(changes))
      if (!row) for (const hash of this.rows.get(key)?.hashes ?? []) this.#keyOfHash.delete(hash);
    const outcomes: OutcomeChanges = {};
    for (const key of givenUp) {
      const { attrs } = this.rows.get(key) ?? {};
      if (attrs) Object.assign(outcomes, this.outcomes.changes(key, noteUnhandled(attrs, 'dropped', LIMIT)));
    }
    if (Object.keys(changes).length > 0) this.trySet(changes, outcomes);
    if (givenUp.length === 0) return;
    noteLimitReached(LIMIT, givenUp.length);
    this.#sayOnce({ messages: givenUp.length }, 'too many messages wait; the oldest ones are given up');
  }

  #sayOnce(facts: object, line: string): void {
    if (this.#clock.now() - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = this.#clock.now();
    this.#log.warn(facts, line);
  }
}
