import {
  type AnyMessageContent,
  type BinaryNode,
  generateWAMessage,
  proto,
  type WAMediaUploadFunction,
} from '@whiskeysockets/baileys';
import { assertNever } from '../../core/errors.ts';
import type { Content, OutgoingMessage } from '../../core/messages.ts';
import { personAddress } from '../address.ts';
import { textOf } from '../receive/message-content.ts';
import type { Origin } from '../receive/parse-message.ts';

/** How much of a quoted text is repeated, in UTF-16 units: phones show only a few lines. */
const QUOTED_LENGTH = 1_000;
/** If the quoted message is larger, thumbnail included, only its text is quoted. */
const LARGEST_QUOTE_BYTES = 16 * 1024;
/** An upload that makes no progress for this long is cancelled, so that it does not run beside the next try. */
const STALLED_UPLOAD_MS = 20_000;

/** The content in the form that Baileys' `generateWAMessage` takes. */
export function toBaileysContent(content: Content): AnyMessageContent {
  switch (content.kind) {
    case 'text':
      // A link preview would fetch any address that a stranger makes the bot repeat.
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

/** The message before encryption. Encrypts and uploads its media. */
export async function buildMessage(
  message: OutgoingMessage,
  account: {
    readonly id: string;
    readonly lid?: string | undefined;
    readonly upload: WAMediaUploadFunction;
    readonly signal: AbortSignal;
  },
): Promise<proto.IMessage> {
  const quote = message.quote ? originOf(message.quote) : undefined;
  const built = await generateWAMessage(message.chat, toBaileysContent(message.content), {
    userJid: ownAddress(message.chat, quote, account),
    messageId: message.id,
    upload: account.upload,
    mediaUploadTimeoutMs: STALLED_UPLOAD_MS,
    options: { signal: account.signal },
    ...(quote ? { quoted: { key: quote.key, message: quotable(quote.message) } } : {}),
    ...(message.expirationSeconds ? { ephemeralExpiration: message.expirationSeconds } : {}),
  });
  return built.message ?? {};
}

/** The own address that a quote of an own message names: the one that the chat uses. */
function ownAddress(
  chat: string,
  quote: Origin | undefined,
  { id, lid }: { readonly id: string; readonly lid?: string | undefined },
): string {
  if (quote?.key.fromMe && quote.key.participant) return quote.key.participant;
  return personAddress(chat)?.isLid && lid ? lid : id;
}

/** What is quoted of a message. Baileys changes the object that it gets, so this is a copy. */
function quotable(message: proto.IMessage): proto.IMessage {
  const bytes = proto.Message.encode(message).finish();
  const text = textOf(message);
  if (text.length <= QUOTED_LENGTH && bytes.length <= LARGEST_QUOTE_BYTES) return proto.Message.decode(bytes);
  // The cut must not leave half of a surrogate pair.
  return { conversation: text.slice(0, QUOTED_LENGTH).replace(/[\ud800-\udbff]$/, '') };
}

/** The nodes that the stanza needs beside the encrypted message. */
export function additionalNodes(content: Content): BinaryNode[] {
  return content.kind === 'poll' ? [{ tag: 'meta', attrs: { polltype: 'creation' } }] : [];
}
