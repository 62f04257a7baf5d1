import {
  type BinaryNode,
  decodeMessageNode,
  normalizeMessageContent,
  type proto,
  toNumber,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import type { IncomingMedia, IncomingMessage, MediaKind, Person } from '../../core/messages.ts';
import { chatKind, numberAmong, personAddress, personId } from '../address.ts';

/** What the messenger needs of a message later: to quote it, react to it, download it. */
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

/** The stanza's envelope: who wrote where, as WhatsApp's server says. */
export interface Envelope {
  readonly key: WAMessageKey;
  readonly chat: string;
  readonly senderJid: string;
  readonly senderNumber: string | undefined;
  readonly senderLid: string | undefined;
  readonly name: string | undefined;
  readonly sentAtSeconds: number;
  /** The same by this machine's clock. */
  readonly sentAtMs: number;
  readonly isFromMe: boolean;
}

/** What a stanza does not tell by itself. */
export interface EnvelopeFacts {
  /** The phone number of a LID, where it is known. */
  readonly numberOf: (lid: string) => string | undefined;
  /** A moment that WhatsApp dates in seconds, by this machine's clock. */
  readonly localMs: (seconds: number) => number;
}

const NO_FACTS: EnvelopeFacts = { numberOf: () => undefined, localMs: (seconds) => seconds * 1000 };

/** Reads a stanza's attributes. Throws where they make no sense. */
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

const withoutDevice = (jid: string): string => jid.replace(/:\d+@/, '@');

/**
 * The key of a message in the inbox. The same for the same message, whichever of a person's two addresses it
 * comes under, and different for two people who choose the same id.
 */
export function messageKey(envelope: Envelope): string {
  const sender = personId(envelope.senderNumber, envelope.senderJid);
  const place = chatKind(envelope.chat) === 'direct' ? '' : envelope.chat;
  return `${place}|${sender}|${envelope.key.id ?? ''}`;
}

/** The key that a message from a LID had while nobody knew whose LID it is. */
export const keyByLid = (envelope: Envelope): string =>
  messageKey({ ...envelope, senderNumber: undefined, senderJid: envelope.senderLid ?? envelope.senderJid });

/**
 * A message for the bot, or undefined where there is nothing that a person wrote: receipts of other devices,
 * history, keys, reactions. Throws nothing, whatever strangers put into it. `key` is the one that it is kept under.
 */
export function toIncoming(
  envelope: Envelope,
  received: proto.IMessage,
  key = messageKey(envelope),
): IncomingMessage | undefined {
  const outer = unwrap(received);
  const edit = outer.protocolMessage?.editedMessage ? outer.protocolMessage : undefined;
  const content = edit?.editedMessage ? unwrap(edit.editedMessage) : outer;
  const media = mediaOf(content);
  const text = textOf(content);
  if (text === '' && !media) return undefined;
  const context = contextOf(content);
  const quoted = context?.quotedMessage ? unwrap(context.quotedMessage) : undefined;
  // Phones show an edit in the place of what it edits, under that one's id.
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
    isFromBot: /@bot$/.test(envelope.senderJid) || received.messageContextInfo?.botMetadata != null,
    origin,
  };
}

function senderOf(envelope: Envelope): Person {
  return {
    id: personId(envelope.senderNumber, envelope.senderJid),
    number: envelope.senderNumber,
    jid: envelope.senderJid,
    name: envelope.name,
  };
}

/** What is inside the wrappers for disappearing, view-once and edited messages, and a copy from another device. */
function unwrap(message: proto.IMessage): proto.IMessage {
  return normalizeMessageContent(message.deviceSentMessage?.message ?? message) ?? {};
}

/** Text or caption; empty where there is none. Takes off no wrapper. */
export function textOf(message: proto.IMessage): string {
  return (
    message.conversation ||
    message.extendedTextMessage?.text ||
    message.imageMessage?.caption ||
    message.videoMessage?.caption ||
    message.documentMessage?.caption ||
    message.buttonsResponseMessage?.selectedDisplayText ||
    message.listResponseMessage?.title ||
    message.templateButtonReplyMessage?.selectedDisplayText ||
    ''
  );
}

type MediaPart = proto.Message.IImageMessage & { fileName?: string | null };

/** The media of a message and its kind; the parts share the fields that a download needs. */
export function mediaOf(message: proto.IMessage): { part: MediaPart; facts: IncomingMedia } | undefined {
  const parts: Array<[MediaKind, MediaPart | null | undefined]> = [
    ['image', message.imageMessage],
    ['video', message.videoMessage as MediaPart | null | undefined],
    ['audio', message.audioMessage as MediaPart | null | undefined],
    ['document', message.documentMessage as MediaPart | null | undefined],
    ['sticker', message.stickerMessage as MediaPart | null | undefined],
  ];
  for (const [kind, part] of parts) {
    if (!part) continue;
    const facts: IncomingMedia = {
      kind,
      mimetype: part.mimetype ?? 'application/octet-stream',
      sizeBytes: part.fileLength == null ? undefined : toNumber(part.fileLength),
      fileName: part.fileName ?? undefined,
    };
    return { part, facts };
  }
  return undefined;
}

/** The media that `which` names, for a download. */
export function mediaIn(origin: Origin, which: 'own' | 'quoted'): ReturnType<typeof mediaOf> {
  const quoted = contextOf(origin.message)?.quotedMessage;
  return mediaOf(which === 'own' ? origin.message : quoted ? unwrap(quoted) : {});
}

function contextOf(message: proto.IMessage): proto.IContextInfo | undefined {
  for (const part of Object.values(message)) {
    if (typeof part === 'object' && part !== null && 'contextInfo' in part && part.contextInfo)
      return part.contextInfo;
  }
  return undefined;
}
