import { jidNormalizedUser, type proto } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { SentMessages } from '../send/sent-messages.ts';
import { decodeParts, type InboxRow, joinParts } from './inbox-rows.ts';
import type { InboxTable } from './inbox-table.ts';
import { openVote, votedPoll } from './incoming-event.ts';
import { unwrap } from './message-content.ts';
import { type Envelope, hasContent, hasWords, toIncoming } from './parse-message.ts';
import { openEdit } from './sealed-content.ts';

/** Makes messages for the bot of decrypted ones. Opens what is sealed under an earlier message. */
export class MessageReader {
  readonly #table: InboxTable;
  readonly #log: Logger;
  readonly #sent: Pick<SentMessages, 'find'> | undefined;
  #isWanted: (message: IncomingMessage) => boolean = () => false;

  /** `sent`: the messages that the account sent. */
  constructor(table: InboxTable, log: Logger, sent: Pick<SentMessages, 'find'> | undefined) {
    this.#table = table;
    this.#log = log;
    this.#sent = sent;
  }

  /** Which messages without text and media are for the bot. Default none. */
  isWanted(message: IncomingMessage): boolean {
    return this.#isWanted(message);
  }

  setWanted(isWanted: (message: IncomingMessage) => boolean): void {
    this.#isWanted = isWanted;
  }

  /**
   * The edit in a message, if it is sealed under the secret of the edited message. Only the sender of a message can
   * edit it, so only that sender's messages are looked at.
   */
  openEdit(message: proto.IMessage, envelope: Envelope): proto.IMessage | undefined {
    if (!message.secretEncryptedMessage) return undefined;
    const opened = openEdit(message, this.#table.addressesOf(envelope), (id) => {
      const original = { ...envelope, key: { ...envelope.key, id } };
      const secret = this.#table.rows.get(this.#table.keyFor(original))?.secret;
      return secret === undefined ? undefined : Buffer.from(secret, 'base64');
    });
    if (!opened) this.#log.debug('could not open a sealed edit: its message is not known');
    return opened;
  }

  /** The message for the bot; undefined if it has nothing that a person wrote or did. */
  read(envelope: Envelope, whole: proto.IMessage, key: string): IncomingMessage | undefined {
    const content = unwrap(whole);
    const id = votedPoll(content);
    const poll = id === undefined ? undefined : this.#sent?.find(id);
    if (!poll) return toIncoming(envelope, whole, key, 'all');
    const { me } = this.#table;
    const senders = [me?.id, me?.lid].filter((jid) => jid !== undefined).map(jidNormalizedUser);
    const vote = openVote(content, { poll, senders, actors: this.#table.addressesOf(envelope) });
    return vote && toIncoming(envelope, whole, key, 'all', vote);
  }

  /** The message of a row. */
  readRow(key: string, { attrs, parts }: InboxRow): IncomingMessage | undefined {
    const envelope = attrs && this.#table.envelope(attrs);
    return envelope ? this.read(envelope, joinParts(decodeParts(parts)), key) : undefined;
  }

  /** Text and media are for the bot. It is asked about all else: reactions, places, votes. */
  isForBot(envelope: Envelope, decoded: proto.IMessage, key: string): boolean {
    if (hasWords(decoded)) return true;
    if (!hasContent(decoded)) return false;
    const message = this.read(envelope, decoded, key);
    return message !== undefined && this.#isWanted(message);
  }
}
