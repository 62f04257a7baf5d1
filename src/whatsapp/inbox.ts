import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { type BinaryNode, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { IncomingMessage } from '../bot/ports.ts';
import { messageOf } from '../errors.ts';
import type { Session } from '../session/store.ts';
import type { KeyChanges } from '../session/transactions.ts';
import { type Account, type Envelope, messageKey, readEnvelope, toIncoming } from './incoming.ts';
import type { DecryptionHooks } from './signal.ts';

/** A message as it is kept: enough to hand it out again after a kill, and to know it when it comes again. */
interface InboxRow {
  readonly atMs: number;
  /** Hashes of the ciphertexts that were decrypted for it. */
  readonly hashes: readonly string[];
  /** The stanza's attributes, until the message is done. */
  readonly attrs?: BinaryNode['attrs'];
  /** The plaintexts, base64, until the message is done. */
  readonly parts?: readonly string[];
  /** Whether all of it is here and the bot has not finished with it. */
  readonly isWaiting?: boolean;
}

/** Where in which stanza a ciphertext stands. */
interface StanzaPart {
  readonly attrs: BinaryNode['attrs'];
  readonly isLast: boolean;
}

const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
/** How long the words of what is no message for the bot (reactions, keys) are kept: WhatsApp may send it again. */
const KEEP_WORDS_MS = 24 * 60 * 60 * 1000;
const MOST_ROWS = 10_000;
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
  readonly #ready = new WeakMap<Uint8Array, IncomingMessage>();
  readonly #lids: (lid: string) => string | undefined;
  /** Events carry the context of whoever emitted them: a handler must not run inside a key transaction. */
  readonly #inCleanContext = AsyncLocalStorage.snapshot();

  constructor(options: {
    readonly session: Session;
    readonly log: Logger;
    readonly onMessage: (message: IncomingMessage) => void;
    readonly numberOf: (lid: string) => string | undefined;
    readonly now?: () => number;
  }) {
    this.#session = options.session;
    this.#log = options.log;
    this.#onMessage = options.onMessage;
    this.#lids = options.numberOf;
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
      const message = this.#assemble(row.attrs, row.parts ?? []);
      if (message) messages.push(message);
      else this.#tidy({ [key]: { atMs: row.atMs, hashes: row.hashes } });
    }
    return messages;
  }

  /** The bot needs it no more. Throws `STORAGE_FAILED` where that cannot be noted: it will be handed out again. */
  finish(key: string): void | Promise<void> {
    const row = this.#rows.get(key);
    if (row?.isWaiting)
      return this.#session.set({ inbox: { [key]: { atMs: row.atMs, hashes: row.hashes } } });
  }

  /** A `<message>` stanza, before Baileys sees it. */
  sawStanza(node: BinaryNode): void {
    if (!Array.isArray(node.content)) return;
    const ciphertexts = node.content
      .filter((child) => child.tag === 'enc')
      .map((child) => child.content)
      .filter((content) => content instanceof Uint8Array);
    for (const [index, ciphertext] of ciphertexts.entries()) {
      this.#parts.set(ciphertext, { attrs: node.attrs, isLast: index === ciphertexts.length - 1 });
    }
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
    const me = this.#me;
    if (!part || !me) return undefined;
    const envelope = this.#envelope(part.attrs, me);
    if (!envelope) return undefined;
    const key = messageKey(envelope);
    const known = this.#rows.get(key);
    const hash = hashOf(ciphertext);
    // Nobody honest sends a message so often; a row must not grow for ever.
    if (known && known.hashes.length >= MOST_CIPHERTEXTS) return undefined;
    const hashes = [...(known?.hashes ?? []), hash];
    this.#byHash.set(hash, key);
    // The bot had it already, and what is new is only another ciphertext of it (a resend that was asked for).
    if (known && (known.isWaiting || !known.parts)) return { inbox: { [key]: { ...known, hashes } } };
    const parts = [...(known?.parts ?? []), Buffer.from(plaintext).toString('base64')];
    const message = part.isLast ? toIncoming(envelope, decodeParts(parts)) : undefined;
    if (message) this.#ready.set(ciphertext, message);
    const row: InboxRow = {
      atMs: this.#now(),
      hashes,
      attrs: part.attrs,
      parts,
      ...(message ? { isWaiting: true } : {}),
    };
    return { inbox: { [key]: row } };
  }

  stored(ciphertext: Uint8Array): void {
    const message = this.#ready.get(ciphertext);
    if (!message) return;
    this.#ready.delete(ciphertext);
    this.#inCleanContext(() => this.#onMessage(message));
    if (this.#rows.size > MOST_ROWS * 1.1) this.#prune();
  }

  #assemble(attrs: BinaryNode['attrs'], parts: readonly string[]): IncomingMessage | undefined {
    const me = this.#me;
    const envelope = me ? this.#envelope(attrs, me) : undefined;
    return envelope ? toIncoming(envelope, decodeParts(parts)) : undefined;
  }

  #envelope(attrs: BinaryNode['attrs'], me: Account): Envelope | undefined {
    try {
      return readEnvelope(attrs, me, this.#lids);
    } catch {
      this.#log.debug('a message stanza made no sense');
      return undefined;
    }
  }

  /** Ids are kept for seven days, and never more than ten thousand. */
  #prune(): void {
    const tooMany = this.#rows.size - MOST_ROWS;
    const changes: Record<string, InboxRow | null> = {};
    let index = 0;
    for (const [key, row] of this.#rows) {
      const ageMs = this.#now() - row.atMs;
      if ((ageMs > KEEP_MS || index < tooMany) && !row.isWaiting) {
        changes[key] = null;
        for (const hash of row.hashes) this.#byHash.delete(hash);
      } else if (ageMs > KEEP_WORDS_MS && !row.isWaiting && row.parts) {
        changes[key] = { atMs: row.atMs, hashes: row.hashes };
      }
      index += 1;
    }
    if (Object.keys(changes).length > 0) this.#tidy(changes);
  }

  /** What is only for order's sake may fail on a full disk: it is done again after the next start. */
  #tidy(changes: Record<string, InboxRow | null>): void {
    try {
      void this.#session.set({ inbox: changes });
    } catch (error) {
      this.#log.debug({ detail: messageOf(error) }, 'the inbox could not be tidied up');
    }
  }
}

const hashOf = (ciphertext: Uint8Array): string =>
  createHash('sha256').update(ciphertext).digest('base64url').slice(0, 22);

/** All parts of one stanza as one message, as Baileys puts them together. A part that is no message counts as none. */
function decodeParts(parts: readonly string[]): proto.IMessage {
  const message: proto.IMessage = {};
  for (const part of parts) {
    try {
      const decoded = proto.Message.decode(unpadRandomMax16(Buffer.from(part, 'base64')));
      Object.assign(message, decoded.deviceSentMessage?.message ?? decoded);
    } catch {
      // Whatever a stranger encrypted, it is not a message.
    }
  }
  return message;
}
