import {
  type AnyMessageContent,
  type BinaryNode,
  generateWAMessage,
  proto,
  type WAMediaUploadFunction,
} from '@whiskeysockets/baileys';
import { assertNever } from '../../core/errors.ts';
import type { Content, OutgoingMessage } from '../../core/messages.ts';
import { type Origin, textOf } from '../receive/parse-message.ts';

/** What is repeated of the text that an answer quotes: phones show a few lines of it. In UTF-16 units. */
const QUOTED_LENGTH = 1_000;
/** A quote that is larger, a thumbnail included, is its words alone. */
const LARGEST_QUOTE_BYTES = 16 * 1024;
/** An upload that moves no byte for so long is given up, so that the next try does not run beside it. */
const STALLED_UPLOAD_MS = 20_000;

/** What Baileys' generator is to make of it. */
export function toBaileysContent(content: Content): AnyMessageContent {
  switch (content.kind) {
    case 'text':
      // No link preview: it would fetch whatever address a stranger made the bot repeat.
      return { text: content.text, mentions: [...(content.mentions ?? [])], linkPreview: null };
    case 'reaction':
      return { react: { text: content.emoji, key: originOf(content.to).key } };
    case 'poll':
      return {
        poll: { name: content.question, values: [...content.options], selectableCount: content.maxChoices },
      };
    case 'image':
      return { image: Buffer.from(content.data), ...captionOf(content), ...mimetypeOf(content) };
    case 'video':
      return { video: Buffer.from(content.data), ...captionOf(content), ...mimetypeOf(content) };
    case 'audio':
      return { audio: Buffer.from(content.data), ...mimetypeOf(content) };
    case 'sticker':
      return { sticker: Buffer.from(content.data) };
    case 'document':
      return {
        document: Buffer.from(content.data),
        mimetype: content.mimetype ?? 'application/octet-stream',
        fileName: content.fileName ?? 'file',
        ...captionOf(content),
      };
    default:
      return assertNever(content);
  }
}

const captionOf = ({ caption }: { readonly caption?: string }): { caption?: string } =>
  caption === undefined ? {} : { caption };

const mimetypeOf = ({ mimetype }: { readonly mimetype?: string }): { mimetype?: string } =>
  mimetype === undefined ? {} : { mimetype };

const originOf = (message: { readonly origin: unknown }): Origin => message.origin as Origin;

/** The message as WhatsApp gets it, before encryption. Media is encrypted and uploaded on the way. */
export async function buildMessage(
  message: OutgoingMessage,
  account: { readonly id: string; readonly upload: WAMediaUploadFunction; readonly signal: AbortSignal },
): Promise<proto.IMessage> {
  const quote = message.quote ? originOf(message.quote) : undefined;
  const built = await generateWAMessage(message.chat, toBaileysContent(message.content), {
    userJid: account.id,
    messageId: message.id,
    upload: account.upload,
    mediaUploadTimeoutMs: STALLED_UPLOAD_MS,
    options: { signal: account.signal },
    ...(quote ? { quoted: { key: quote.key, message: quotable(quote.message) } } : {}),
    ...(message.expirationSeconds ? { ephemeralExpiration: message.expirationSeconds } : {}),
  });
  return built.message ?? {};
}

/** What is quoted of a message: a copy, since Baileys takes away what this one quotes itself. */
function quotable(message: proto.IMessage): proto.IMessage {
  const bytes = proto.Message.encode(message).finish();
  const text = textOf(message);
  if (text.length <= QUOTED_LENGTH && bytes.length <= LARGEST_QUOTE_BYTES) return proto.Message.decode(bytes);
  // Never half a character pair at its end.
  return { conversation: text.slice(0, QUOTED_LENGTH).replace(/[\ud800-\udbff]$/, '') };
}

/** What the stanza needs beside the message itself. */
export function additionalNodes(content: Content): BinaryNode[] {
  return content.kind === 'poll' ? [{ tag: 'meta', attrs: { polltype: 'creation' } }] : [];
}
