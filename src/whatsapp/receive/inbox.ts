import { AsyncLocalStorage } from 'node:async_hooks';
import type { BinaryNode, proto, WAMessageKey } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages.ts';
import type { Session } from '../../session/session.ts';
import type { KeyChanges } from '../../session/values/key-changes.ts';
import { isFromOwnPhone } from '../connection/phone-watch.ts';
import type { DecryptionHooks } from '../signal/signal-repository.ts';
import {
  decodeParts,
  doneRow,
  hashOf,
  type InboxChanges,
  type InboxRow,
  isWantedFromPhone,
  MOST_ROWS,
  outdated,
  partOf,
  wasHandedOut,
  withMessage,
} from './inbox-rows.ts';
import {
  type Account,
  type Envelope,
  type EnvelopeFacts,
  keyByLid,
  messageKey,
  readEnvelope,
  toIncoming,
} from './parse-message.ts';
import { attrsOf, handedOnIn, isLeftToPhone } from './phone-resend.ts';

/** Where in which stanza a ciphertext stands. */
interface StanzaPart {
  readonly attrs: BinaryNode['attrs'];
  readonly isLast: boolean;
}

interface Rows {
  readonly rows: Readonly<Record<string, InboxRow>>;
  readonly messages: readonly IncomingMessage[];
}

const MOST_CIPHERTEXTS = 16;
/** An empty message in WhatsApp's padding: what a ciphertext says whose message was dealt with long ago. */
const NOTHING = Uint8Array.of(1);

/**
 * Every message, from the stanza to the moment when the bot has finished with it.
 *
 * Baileys tells WhatsApp that a message arrived before anyone has handled it, so what was in work when the
 * process died would be gone. Here the plaintext is part of the commit that moves the ratchet: before the receipt
 * or not at all. Unfinished ones are handed out again after a start; what WhatsApp sends again is recognised by
 * its ciphertext, which could not be decrypted twice anyway.
 */
export class Inbox implements DecryptionHooks {
  readonly #session: Session;
  readonly #log: Logger;
  readonly #onMessage: (message: IncomingMessage) => void;
  readonly #now: () => number;
  readonly #byHash = new Map<string, string>();
  readonly #parts = new WeakMap<Uint8Array, StanzaPart>();
  readonly #ready = new WeakMap<Uint8Array, readonly IncomingMessage[]>();
  /** Messages that this process has asked the phone for. */
  readonly #asked = new Set<string>();
  readonly #facts: EnvelopeFacts;
  /** Events carry the context of whoever emitted them: a handler must not run inside a key transaction. */
  readonly #inCleanContext = AsyncLocalStorage.snapshot();

  constructor(options: {
    readonly session: Session;
    readonly log: Logger;
    readonly onMessage: (message: IncomingMessage) => void;
    readonly facts: EnvelopeFacts;
    readonly now?: () => number;
  }) {
    this.#session = options.session;
    this.#log = options.log;
    this.#onMessage = options.onMessage;
    this.#facts = options.facts;
    this.#now = options.now ?? Date.now;
    this.#prune();
    for (const [key, row] of this.#rows) for (const hash of row.hashes) this.#byHash.set(hash, key);
  }

  get #rows(): ReadonlyMap<string, InboxRow> {
    return this.#session.rows<InboxRow>('inbox');
  }

  get #me(): Account | undefined {
    const { me } = this.#session.creds;
    return me ? { id: me.id, lid: me.lid } : undefined;
  }

  /** What a kill or a stop left unfinished, oldest first. */
  unfinished(): IncomingMessage[] {
    const messages: IncomingMessage[] = [];
    for (const [key, row] of this.#rows) {
      if (!row.isWaiting || !row.attrs) continue;
      const message = this.#assemble(key, row);
      if (message) messages.push(message);
      else this.#tidy({ [key]: doneRow(row) });
    }
    return messages;
  }

  /** The bot needs it no more. Throws `STORAGE_FAILED` where that cannot be noted: it will be handed out again. */
  finish(key: string): void | Promise<void> {
    const row = this.#rows.get(key);
    if (row?.isWaiting) return this.#session.set({ inbox: { [key]: doneRow(row) } });
  }

  /** A `<message>` stanza, before Baileys sees it. */
  sawStanza(node: BinaryNode): void {
    if (isLeftToPhone(node)) this.#expectFromPhone(node.attrs);
    if (!Array.isArray(node.content)) return;
    const ciphertexts = node.content
      .filter((child) => child.tag === 'enc')
      .map((child) => child.content)
      .filter((content) => content instanceof Uint8Array);
    for (const [index, ciphertext] of ciphertexts.entries()) {
      this.#parts.set(ciphertext, { attrs: node.attrs, isLast: index === ciphertexts.length - 1 });
    }
  }

  /** Baileys acknowledges it at once, and keeps only in memory that the phone is to be asked for it. */
  #expectFromPhone(attrs: BinaryNode['attrs']): void {
    const key = this.#keyOf(attrs);
    if (key === undefined || this.#rows.has(key)) return;
    // Where this cannot be stored the session gives the connection up, and WhatsApp keeps the stanza.
    this.#tidy({ [key]: { atMs: this.#now(), hashes: [], attrs } });
  }

  /** What only the phone has and this process has not asked it for, by the inbox's own keys. */
  leftToPhone(): Map<string, WAMessageKey> {
    const found = new Map<string, WAMessageKey>();
    for (const [key, row] of this.#rows) {
      if (!row.attrs || !isWantedFromPhone(row, this.#now()) || this.#asked.has(key)) continue;
      const envelope = this.#envelope(row.attrs);
      if (envelope) found.set(key, envelope.key);
    }
    return found;
  }

  askedPhone(keys: Iterable<string>): void {
    for (const key of keys) this.#asked.add(key);
  }

  before(ciphertext: Uint8Array): Uint8Array | undefined {
    const hash = hashOf(ciphertext);
    const row = this.#rows.get(this.#byHash.get(hash) ?? '');
    const index = row?.hashes.indexOf(hash) ?? -1;
    if (!row || index === -1) return undefined;
    const part = row.parts?.[index];
    this.#log.debug('a message came again and was recognised');
    return part === undefined ? NOTHING : Buffer.from(part, 'base64');
  }

  decrypted(ciphertext: Uint8Array, plaintext: Uint8Array): KeyChanges | undefined {
    const part = this.#parts.get(ciphertext);
    const envelope = part && this.#envelope(part.attrs);
    if (!envelope) return undefined;
    const key = this.#keyFor(envelope);
    const known = this.#rows.get(key);
    const hash = hashOf(ciphertext);
    // Nobody honest sends a message so often; a row must not grow for ever.
    if (known && known.hashes.length >= MOST_CIPHERTEXTS) return undefined;
    const hashes = [...(known?.hashes ?? []), hash];
    this.#byHash.set(hash, key);
    // The bot had it already, and what is new is only another ciphertext of it (a resend that was asked for).
    if (known && wasHandedOut(known)) return { inbox: { [key]: { ...known, hashes } } };
    const parts = [...(known?.parts ?? []), partOf(plaintext)];
    const row: InboxRow = { atMs: this.#now(), hashes, attrs: part.attrs, parts };
    if (!part.isLast) return { inbox: { [key]: row } };
    const received = decodeParts(parts);
    const handedOn = this.#handedOn(part.attrs, received);
    if (handedOn) {
      this.#ready.set(ciphertext, handedOn.messages);
      return { inbox: { ...handedOn.rows, [key]: doneRow(row) } };
    }
    const message = toIncoming(envelope, received, key);
    if (message) this.#ready.set(ciphertext, [message]);
    return { inbox: { [key]: message ? { ...row, isWaiting: true } : row } };
  }

  /** Messages that our phone handed on, since WhatsApp could not give us them or we could not read them. */
  #handedOn(attrs: BinaryNode['attrs'], received: proto.IMessage): Rows | undefined {
    const me = this.#me;
    const infos = me && isFromOwnPhone({ tag: 'message', attrs }, me) ? handedOnIn(received) : undefined;
    if (!me || !infos) return undefined;
    const rows: Record<string, InboxRow> = {};
    const messages: IncomingMessage[] = [];
    for (const info of infos) {
      const stated = attrsOf(info, me);
      const key = this.#keyOf(stated);
      const known = key === undefined ? undefined : (rows[key] ?? this.#rows.get(key));
      if (key === undefined || !info.message || (known && wasHandedOut(known))) continue;
      const row = withMessage(known ?? { atMs: this.#now(), hashes: [], attrs: stated }, info.message);
      const message = this.#assemble(key, row);
      if (message) messages.push(message);
      rows[key] = message ? { ...row, isWaiting: true } : row;
    }
    return { rows, messages };
  }

  stored(ciphertext: Uint8Array): void {
    const messages = this.#ready.get(ciphertext);
    if (!messages) return;
    this.#ready.delete(ciphertext);
    for (const message of messages) this.#inCleanContext(() => this.#onMessage(message));
    if (this.#rows.size > MOST_ROWS * 1.1) this.#prune();
  }

  #assemble(key: string, { attrs, parts = [] }: InboxRow): IncomingMessage | undefined {
    const envelope = attrs && this.#envelope(attrs);
    return envelope ? toIncoming(envelope, decodeParts(parts), key) : undefined;
  }

  #keyOf(attrs: BinaryNode['attrs']): string | undefined {
    const envelope = this.#envelope(attrs);
    return envelope && this.#keyFor(envelope);
  }

  /** A message keeps the key that it came in with: the number behind a LID may become known while it waits. */
  #keyFor(envelope: Envelope): string {
    const earlier = keyByLid(envelope);
    return this.#rows.has(earlier) ? earlier : messageKey(envelope);
  }

  /** Undefined for what makes no sense, and while nobody is linked. */
  #envelope(attrs: BinaryNode['attrs']): Envelope | undefined {
    const me = this.#me;
    try {
      return me && readEnvelope(attrs, me, this.#facts);
    } catch {
      this.#log.debug('a message stanza made no sense');
      return undefined;
    }
  }

  #prune(): void {
    const changes = outdated(this.#rows, this.#now());
    for (const [key, row] of Object.entries(changes))
      if (!row) for (const hash of this.#rows.get(key)?.hashes ?? []) this.#byHash.delete(hash);
    if (Object.keys(changes).length > 0) this.#tidy(changes);
  }

  /** What is only for order's sake may fail on a full disk: it is done again after the next start. */
  #tidy(changes: InboxChanges): void {
    try {
      void this.#session.set({ inbox: changes });
    } catch (error) {
      this.#log.debug({ detail: messageOf(error) }, 'the inbox could not be tidied up');
    }
  }
}
