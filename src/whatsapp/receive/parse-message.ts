import {
  type BinaryNode,
  decodeMessageNode,
  type proto,
  toNumber,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import type { IncomingEvent, IncomingMessage, Person } from '../../core/messages/incoming-message.ts';
import { chatKind, numberAmong, personAddress, personId, withoutDevice } from '../address.ts';
import { contactsIn, eventIn, placeIn, pollIn, voiceIn, votedPoll } from './incoming-event.ts';
import { contextOf, mediaOf, textOf, unwrap } from './message-content.ts';

/** What the messenger needs later to quote a message, to react to it, or to download its file. */
export interface Origin {
  readonly key: WAMessageKey;
  /** Without wrappers. */
  readonly message: proto.IMessage;
  readonly sentAtSeconds: number;
}

export interface Account {
  readonly id: string;
  readonly lid: string | undefined;
}

/** What the attributes of a stanza say: who wrote, in which chat, and when. WhatsApp's server has checked it. */
export interface Envelope {
  readonly key: WAMessageKey;
  readonly chat: string;
  readonly senderJid: string;
  readonly senderNumber: string | undefined;
  readonly senderLid: string | undefined;
  readonly name: string | undefined;
  readonly sentAtSeconds: number;
  /** When it was sent, by this machine's clock. */
  readonly sentAtMs: number;
  readonly isFromMe: boolean;
}

/** Facts that a stanza does not contain. */
export interface EnvelopeFacts {
  /** The phone number of a LID, if it is known. */
  readonly numberOf: (lid: string) => string | undefined;
  /** Converts a time of WhatsApp's clock, in seconds, to this machine's clock, in milliseconds. */
  readonly localMs: (seconds: number) => number;
}

const NO_FACTS: EnvelopeFacts = { numberOf: () => undefined, localMs: (seconds) => seconds * 1000 };

/** Reads a stanza's attributes. Throws if they are malformed. */
export function readEnvelope(
  attrs: BinaryNode['attrs'],
  me: Account,
  facts: EnvelopeFacts = NO_FACTS,
): Envelope {
  const { fullMessage, author } = decodeMessageNode(
    { tag: 'message', attrs, content: [] },
    me.id,
    me.lid ?? '',
  );
  const { key } = fullMessage;
  const isFromMe = key.fromMe === true;
  const alternate = isFromMe ? me.id : (key.participantAlt ?? key.remoteJidAlt);
  const lid = [author, alternate].find((jid) => personAddress(jid)?.isLid);
  const sentAtSeconds = toNumber(fullMessage.messageTimestamp) || 0;
  return {
    key,
    chat: withoutDevice(key.remoteJid ?? author),
    senderJid: withoutDevice(author),
    senderNumber: numberAmong(author, alternate) ?? (lid ? facts.numberOf(lid) : undefined),
    senderLid: lid,
    name: fullMessage.pushName ?? undefined,
    sentAtSeconds,
    sentAtMs: facts.localMs(sentAtSeconds),
    isFromMe,
  };
}

/** The addresses of the sender, without a device. */
export function senderAddresses({ senderJid, senderNumber, senderLid }: Envelope): string[] {
  const number = senderNumber === undefined ? undefined : `${senderNumber}@s.whatsapp.net`;
  const all = [senderJid, number, senderLid && withoutDevice(senderLid)];
  return [...new Set(all.filter((jid) => jid !== undefined))];
}

/**
 * The key of a message in the inbox. One message has one key, whichever of the sender's two addresses the stanza
 * names; two people who choose the same id have two keys.
 */
export function messageKey(envelope: Envelope): string {
  const sender = personId(envelope.senderNumber, envelope.senderJid);
  const place = chatKind(envelope.chat) === 'direct' ? '' : envelope.chat;
  return `${place}|${sender}|${envelope.key.id ?? ''}`;
}

/** The key that the message had before the phone number of the sender's LID was known. */
export const keyByLid = (envelope: Envelope): string =>
  messageKey({ ...envelope, senderNumber: undefined, senderJid: envelope.senderLid ?? envelope.senderJid });

/**
 * The message as the bot gets it; undefined if it has nothing that a person wrote or did (history, keys).
 * `accepts: 'all'`: also a message that has no text and no media, but is an event, a place or a contact.
 * Never throws, whatever a stranger sends. `key` is the key of its inbox row.
 */
export function toIncoming(
  envelope: Envelope,
  received: proto.IMessage,
  key = messageKey(envelope),
  accepts: 'words' | 'all' = 'words',
  vote?: IncomingEvent,
): IncomingMessage | undefined {
  const { content, edit } = contentOf(received);
  const media = mediaOf(content);
  const text = textOf(content);
  const event = vote ?? eventIn(content);
  const location = placeIn(content);
  const contacts = contactsIn(content);
  const hasWords = text !== '' || media !== undefined;
  const hasMore = event !== undefined || location !== undefined || contacts !== undefined;
  if (!hasWords && !(accepts === 'all' && hasMore)) return undefined;
  const poll = pollIn(content);
  const voice = voiceIn(content);
  const context = contextOf(content);
  const quoted = context?.quotedMessage ? unwrap(context.quotedMessage) : undefined;
  // Phones show the edited text under the id of the original message.
  const shownAs = edit?.key?.id ? { ...envelope.key, id: edit.key.id } : envelope.key;
  const origin: Origin = { key: shownAs, message: content, sentAtSeconds: envelope.sentAtSeconds };
  return {
    key,
    id: envelope.key.id ?? '',
    chat: envelope.chat,
    chatKind: chatKind(envelope.chat),
    sender: senderOf(envelope),
    isFromMe: envelope.isFromMe,
    text,
    sentAtMs: envelope.sentAtMs,
    mentions: context?.mentionedJid ?? [],
    quoted:
      quoted && context?.stanzaId
        ? { id: context.stanzaId, text: textOf(quoted), senderJid: context.participant ?? undefined }
        : undefined,
    media: media?.facts,
    quotedMedia: quoted ? mediaOf(quoted)?.facts : undefined,
    expirationSeconds: context?.expiration ?? 0,
    edits: edit?.key?.id ?? undefined,
    ...(location && { location }),
    ...(contacts && { contacts }),
    ...(poll && { poll }),
    ...(voice && { voice }),
    ...(event && { event }),
    isFromBot: /@bot$/.test(envelope.senderJid) || received.messageContextInfo?.botMetadata != null,
    origin,
  };
}

/** What the sender wrote, and the protocol message of an edit if it is one. */
function contentOf(received: proto.IMessage): {
  readonly content: proto.IMessage;
  readonly edit: proto.Message.IProtocolMessage | undefined;
} {
  const outer = unwrap(received);
  const edited = outer.protocolMessage?.editedMessage;
  return edited
    ? { content: unwrap(edited), edit: outer.protocolMessage ?? undefined }
    : { content: outer, edit: undefined };
}

/** Whether a message has text or media. */
export function hasWords(received: proto.IMessage): boolean {
  const { content } = contentOf(received);
  return textOf(content) !== '' || mediaOf(content) !== undefined;
}

/** Whether a message may be for the bot: it has text, media, a place or a contact, or does something to another one. */
export function hasContent(received: proto.IMessage): boolean {
  if (hasWords(received)) return true;
  const { content } = contentOf(received);
  if (eventIn(content) !== undefined || votedPoll(content) !== undefined) return true;
  return placeIn(content) !== undefined || contactsIn(content) !== undefined;
}

function senderOf(envelope: Envelope): Person {
  return {
    id: personId(envelope.senderNumber, envelope.senderJid),
    number: envelope.senderNumber,
    jid: envelope.senderJid,
    name: envelope.name,
  };
}

/** Media, and the key of the message that it came with. */
export interface FoundMedia extends NonNullable<ReturnType<typeof mediaOf>> {
  readonly key: WAMessageKey;
}

/** The message's own media, or that of the message it quotes. */
export function mediaIn({ key, message }: Origin, which: 'own' | 'quoted'): FoundMedia | undefined {
  const context = which === 'quoted' ? contextOf(message) : undefined;
  const quoted = context?.quotedMessage;
  const media = mediaOf(which === 'own' ? message : quoted ? unwrap(quoted) : {});
  if (!media) return undefined;
  if (which === 'own') return { ...media, key };
  const { stanzaId, participant } = context ?? {};
  const isGroup = chatKind(key.remoteJid ?? '') === 'group';
  return {
    ...media,
    key: {
      remoteJid: key.remoteJid ?? null,
      id: stanzaId ?? null,
      fromMe: false,
      ...(isGroup && participant ? { participant } : {}),
    },
  };
}
