import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.ts';
import type { Session } from '../../session/session.ts';
import { type InboxChanges, type InboxRow, MAX_ROWS, outdated } from './inbox-rows.ts';
import {
  type Account,
  type Envelope,
  type EnvelopeFacts,
  keyByLid,
  messageKey,
  readEnvelope,
} from './parse-message.ts';

/** The inbox rows of a session, found by key or by the hash of a ciphertext. */
export class InboxTable {
  readonly #session: Session;
  readonly #log: Logger;
  readonly #facts: EnvelopeFacts;
  readonly #now: () => number;
  readonly #keyOfHash = new Map<string, string>();

  constructor(session: Session, log: Logger, facts: EnvelopeFacts, now: () => number) {
    this.#session = session;
    this.#log = log;
    this.#facts = facts;
    this.#now = now;
    this.#prune();
    for (const [key, row] of this.rows) for (const hash of row.hashes) this.#keyOfHash.set(hash, key);
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

  /** What a stanza's attributes say. Undefined if they are malformed, or if no phone has linked the account. */
  envelope(attrs: BinaryNode['attrs']): Envelope | undefined {
    const { me } = this;
    try {
      return me && readEnvelope(attrs, me, this.#facts);
    } catch {
      this.#log.debug('could not read the attributes of a message stanza');
      return undefined;
    }
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
  set(changes: InboxChanges): void | Promise<void> {
    return this.#session.set({ inbox: changes });
  }

  /** Like `set`, but a failed write is only logged: the change is not needed, or the next start makes it again. */
  trySet(changes: InboxChanges): void {
    try {
      void this.set(changes);
    } catch (error) {
      this.#log.debug({ detail: messageOf(error) }, 'could not tidy up the inbox');
    }
  }

  /** Removes the oldest rows if there are a tenth more than allowed. */
  limitRows(): void {
    if (this.rows.size > MAX_ROWS * 1.1) this.#prune();
  }

  #prune(): void {
    const changes = outdated(this.rows, this.#now());
    for (const [key, row] of Object.entries(changes))
      if (!row) for (const hash of this.rows.get(key)?.hashes ?? []) this.#keyOfHash.delete(hash);
    if (Object.keys(changes).length > 0) this.trySet(changes);
  }
}
