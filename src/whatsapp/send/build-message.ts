import {
  type AnyMessageContent,
  type BinaryNode,
  generateWAMessage,
  proto,
  type WAMediaUploadFunction,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import { assertNever } from '../../core/errors.ts';
import type { ContactCard, IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Content, OutgoingMessage, SentId } from '../../core/messages/outgoing-message.ts';
import { decodedBytes, readPictureSize } from '../../core/picture-size.ts';
import { cutText } from '../../core/plain-text.ts';
import { personAddress } from '../address.ts';
import { textOf as wordsOf } from '../receive/message-content.ts';
import type { Origin } from '../receive/parse-message.ts';
import { isAnimatedWebp, mimetypeFor } from './file-type.ts';

/** How much of a quoted text is repeated, in UTF-16 units: phones show only a few lines. */
const QUOTED_LENGTH = 1_000;
/** If the quoted message is larger, thumbnail included, only its text is quoted. */
const LARGEST_QUOTE_BYTES = 16 * 1024;
/** An upload that makes no progress for this long is cancelled, so that it does not run beside the next try. */
const STALLED_UPLOAD_MS = 20_000;

/**
 * The content in the form that Baileys' `generateWAMessage` takes. Throws `SEND_REFUSED` if a file is of another kind
 * than it is sent as.
 */
export function toBaileysContent(content: Content, chat = ''): AnyMessageContent {
  switch (content.kind) {
    case 'text':
      return textOf(content);
    case 'edit':
      return { ...textOf(content), edit: keyOf(content.to, chat) } as AnyMessageContent;
    case 'delete':
      return { delete: keyOf(content.to, chat) };
    case 'reaction':
      return { react: { text: content.emoji, key: keyOf(content.to, chat) } };
    case 'poll':
      return {
        poll: { name: content.question, values: [...content.options], selectableCount: content.maxChoices },
      };
    case 'location': {
      const { latitude, longitude, name, address } = content;
      return {
        location: {
          degreesLatitude: latitude,
          degreesLongitude: longitude,
          ...(name !== undefined && { name }),
          ...(address !== undefined && { address }),
        },
      };
    }
    case 'album':
      return { album: { expectedImageCount: content.images, expectedVideoCount: content.videos } };
    case 'contacts':
      return { contacts: contactsOf(content.contacts) };
    default:
      return mediaContent(content, chat);
  }
}

type MediaContent = Extract<Content, { readonly data: Uint8Array }>;

function mediaContent(content: MediaContent, chat: string): AnyMessageContent {
  const data = Buffer.from(content.data);
  const rest = {
    ...captionOf(content),
    ...mimetypeOf(content),
    ...(content.isViewOnce && { viewOnce: true }),
    ...(content.album && { albumParentKey: keyOf(content.album, chat) }),
  };
  switch (content.kind) {
    case 'image':
      return { image: data, ...rest, ...(isTooLargeToDraw(data) && { jpegThumbnail: '' }) };
    case 'video':
      return {
        video: data,
        ...rest,
        ...(content.as === 'gif' && { gifPlayback: true }),
        ...(content.as === 'video-note' && { ptv: true }),
      };
    case 'audio':
      return {
        audio: data,
        ...rest,
        ...(content.as === 'voice' && { ptt: true, waveform: content.waveform ?? FLAT_WAVEFORM }),
        ...(content.seconds !== undefined && { seconds: content.seconds }),
      };
    case 'sticker':
      return { sticker: data, ...rest, ...(isAnimatedWebp(data) && { isAnimated: true }) };
    case 'document':
      return {
        document: data,
        mimetype: 'application/octet-stream',
        ...rest,
        fileName: content.fileName ?? 'file',
      };
    default:
      return assertNever(content.kind);
  }
}

/** What a voice note shows if its sender gives no waveform. */
const FLAT_WAVEFORM = new Uint8Array(64).fill(50);

/** Baileys draws a thumbnail inside this process. A picture that needs more memory is sent without one. */
const LARGEST_DRAWN_BYTES = 64 * 1024 * 1024;

function isTooLargeToDraw(data: Uint8Array): boolean {
  const size = readPictureSize(data);
  return size === undefined ? data.length > 1024 : decodedBytes(size) > LARGEST_DRAWN_BYTES;
}

/** No link preview: it would fetch whatever address a stranger made the bot repeat. */
const textOf = ({ text, mentions }: { readonly text: string; readonly mentions?: readonly string[] }) => ({
  text,
  mentions: [...(mentions ?? [])],
  linkPreview: null,
});

function keyOf(to: IncomingMessage | SentId, chat: string): WAMessageKey {
  return 'sentId' in to ? { remoteJid: chat, fromMe: true, id: to.sentId } : originOf(to).key;
}

function contactsOf(contacts: readonly ContactCard[]): {
  displayName: string;
  contacts: { vcard: string }[];
} {
  const displayName = contacts.length === 1 ? (contacts[0]?.name ?? '') : `${contacts.length} contacts`;
  return {
    displayName,
    contacts: contacts.map((card) => ({ displayName: card.name, vcard: vcardOf(card) })),
  };
}

/** https://www.rfc-editor.org/rfc/rfc2426; `waid` makes phones offer a chat. */
function vcardOf({ name, numbers }: ContactCard): string {
  const plain = name.replace(/[\\;,]/g, '\\$&').replace(/[\r\n]+/g, ' ');
  const lines = numbers.map((number) => `TEL;type=CELL;waid=${number}:+${number}`);
  return ['BEGIN:VCARD', 'VERSION:3.0', `N:;${plain};;;`, `FN:${plain}`, ...lines, 'END:VCARD'].join('\n');
}

const captionOf = ({ caption, mentions }: MediaContent): { caption?: string; mentions?: string[] } => ({
  ...(caption !== undefined && { caption }),
  ...(mentions !== undefined && { mentions: [...mentions] }),
});

function mimetypeOf({ kind, data, mimetype }: MediaContent): { mimetype?: string } {
  const type = mimetypeFor(kind, data, mimetype);
  return type === undefined ? {} : { mimetype: type };
}

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
  const built = await generateWAMessage(message.chat, toBaileysContent(message.content, message.chat), {
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
  const text = wordsOf(message);
  if (text.length <= QUOTED_LENGTH && bytes.length <= LARGEST_QUOTE_BYTES) return proto.Message.decode(bytes);
  return { conversation: cutText(text, QUOTED_LENGTH) };
}

/** The nodes that the stanza needs beside the encrypted message. */
export function additionalNodes(content: Content): BinaryNode[] {
  return content.kind === 'poll' ? [{ tag: 'meta', attrs: { polltype: 'creation' } }] : [];
}

/** Attributes of the stanza: the kind of an edit, as WhatsApp Web sends it (Baileys `sendMessage`). */
export function additionalAttributes({ kind }: Content): Record<string, string> {
  if (kind === 'edit') return { edit: '1' };
  return kind === 'delete' ? { edit: '7' } : {};
}
