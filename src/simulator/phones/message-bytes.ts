import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';

/** The plaintext of a message, padded with 1 to 16 bytes whose value is their number. */
export function encodeMessage(message: proto.IMessage): Buffer {
  const bytes = proto.Message.encode(proto.Message.fromObject(message)).finish();
  const padding = (randomBytes(1).readUInt8(0) & 15) + 1;
  return Buffer.concat([bytes, Buffer.alloc(padding, padding)]);
}

export function decodeMessage(padded: Buffer): proto.Message {
  const padding = padded.at(-1) ?? 0;
  if (padding === 0 || padding > padded.length) throw new Error('bad padding');
  return proto.Message.decode(padded.subarray(0, padded.length - padding));
}

/** A message id of the form that phones use. */
export function newMessageId(): string {
  return `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
}

/** The text or caption of a message. */
export function textIn(message: proto.IMessage): string | undefined {
  const inner = unwrapped(message);
  return (
    inner.conversation ||
    inner.extendedTextMessage?.text ||
    inner.imageMessage?.caption ||
    inner.videoMessage?.caption ||
    inner.documentMessage?.caption ||
    undefined
  );
}

/** The id of the quoted message. */
export function quotedIdIn(message: proto.IMessage): string | undefined {
  for (const part of Object.values(unwrapped(message))) {
    if (typeof part === 'object' && part !== null && 'contextInfo' in part) {
      const { contextInfo }: { contextInfo?: proto.IContextInfo | null } = part;
      if (contextInfo?.stanzaId) return contextInfo.stanzaId;
    }
  }
  return undefined;
}

/** False if a message carries keys only. */
export function isForPeople(message: proto.IMessage): boolean {
  const hidden = ['senderKeyDistributionMessage', 'messageContextInfo'];
  return Object.entries(message).some(([name, part]) => part != null && !hidden.includes(name));
}

/** The `type` attribute of a message stanza. */
export function stanzaTypeOf(message: proto.IMessage): string {
  const inner = unwrapped(message);
  if (inner.reactionMessage) return 'reaction';
  if (inner.pollCreationMessage || inner.pollCreationMessageV3 || inner.pollUpdateMessage) return 'poll';
  return mediaTypeOf(inner) === undefined ? 'text' : 'media';
}

export function mediaTypeOf(message: proto.IMessage): string | undefined {
  if (message.imageMessage) return 'image';
  if (message.videoMessage) return 'video';
  if (message.audioMessage) return message.audioMessage.ptt ? 'ptt' : 'audio';
  if (message.documentMessage) return 'document';
  if (message.stickerMessage) return 'sticker';
  return undefined;
}

function unwrapped(message: proto.IMessage): proto.IMessage {
  return message.ephemeralMessage?.message ?? message.viewOnceMessage?.message ?? message;
}
