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

/** The text of a message: its body or caption, or the new text if it is an edit. */
export function textIn(message: proto.IMessage): string | undefined {
  const inner = unwrapped(message);
  const edited = inner.protocolMessage?.editedMessage;
  if (edited) return textIn(edited);
  return (
    inner.conversation ||
    inner.extendedTextMessage?.text ||
    inner.imageMessage?.caption ||
    inner.videoMessage?.caption ||
    inner.documentMessage?.caption ||
    undefined
  );
}

/** The `contextInfo` of a message, which holds what it quotes and whom it mentions. */
export function contextIn(message: proto.IMessage): proto.IContextInfo | undefined {
  for (const part of Object.values(unwrapped(message))) {
    if (typeof part === 'object' && part !== null && 'contextInfo' in part) {
      const { contextInfo }: { contextInfo?: proto.IContextInfo | null } = part;
      if (contextInfo) return contextInfo;
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
  if (inner.reactionMessage || inner.encReactionMessage) return 'reaction';
  if (inner.eventMessage || inner.encEventResponseMessage) return 'event';
  if (Object.keys(inner).some((name) => name.startsWith('pollCreationMessage')) || inner.pollUpdateMessage) {
    return 'poll';
  }
  return mediaTypeOf(inner) === undefined ? 'text' : 'media';
}

/** The `mediatype` attribute of a ciphertext. */
export function mediaTypeOf(message: proto.IMessage): string | undefined {
  const inner = unwrapped(message);
  if (inner.imageMessage) return 'image';
  if (inner.videoMessage) return inner.videoMessage.gifPlayback ? 'gif' : 'video';
  if (inner.ptvMessage) return 'ptv';
  if (inner.audioMessage) return inner.audioMessage.ptt ? 'ptt' : 'audio';
  if (inner.documentMessage) return 'document';
  if (inner.stickerMessage) return 'sticker';
  if (inner.locationMessage) return 'location';
  if (inner.contactMessage) return 'vcard';
  if (inner.contactsArrayMessage) return 'contact_array';
  return undefined;
}

/** The `edit` attribute of a message stanza: 1 for an edit, 7 for a deletion, 8 for a deletion by an admin. */
export function editTypeOf(message: proto.IMessage): string | undefined {
  const inner = unwrapped(message);
  if (inner.secretEncryptedMessage || inner.protocolMessage?.editedMessage) return '1';
  const { type, key } = inner.protocolMessage ?? {};
  if (type !== proto.Message.ProtocolMessage.Type.REVOKE) return undefined;
  return key?.fromMe ? '7' : '8';
}

/** The innermost message in any wrappers, which are the fields whose only field is `message`. */
export function unwrapped(message: proto.IMessage): proto.IMessage {
  for (const part of Object.values(message)) {
    if (typeof part !== 'object' || part === null || !('message' in part)) continue;
    const { message: inner }: { message?: proto.IMessage | null } = part;
    if (inner && Object.keys(part).length === 1) return unwrapped(inner);
  }
  return message;
}
