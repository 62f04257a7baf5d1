import { type proto, toNumber } from '@whiskeysockets/baileys';
import type { IncomingMedia, MediaKind } from '../../core/messages/incoming-message.ts';

/** Wrappers inside wrappers are taken off up to this depth. */
const DEEPEST_WRAPPER = 6;
/** Media may stand in the header of a template or of an interactive message. */
const DEEPEST_MEDIA = 4;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

/**
 * The message inside its wrappers: copies from another device, disappearing, view-once and edited messages, group
 * mentions, lottie stickers, and wrappers that are not known yet. A wrapper is known by its shape: a field of a message
 * that holds a `message` (`FutureProofMessage`). Information about the context of the message is kept.
 */
export function unwrap(message: proto.IMessage): proto.IMessage {
  let inner = message;
  for (let depth = 0; depth <= DEEPEST_WRAPPER; depth += 1) {
    const wrapper = Object.values(inner).find((field) => isObject(field) && isObject(field.message));
    if (!wrapper) return inner;
    const context = inner.messageContextInfo;
    inner = (wrapper as { message: proto.IMessage }).message;
    if (context && !inner.messageContextInfo) inner = { ...inner, messageContextInfo: context };
  }
  return {};
}

/** Where the text of each kind of message stands, the most specific first. `*` ends a name that has versions. */
const TEXTS: ReadonlyArray<readonly string[]> = [
  ['conversation'],
  ['extendedTextMessage', 'text'],
  ['imageMessage', 'caption'],
  ['videoMessage', 'caption'],
  ['documentMessage', 'caption'],
  ['buttonsResponseMessage', 'selectedDisplayText'],
  ['buttonsResponseMessage', 'selectedButtonId'],
  ['listResponseMessage', 'title'],
  ['listResponseMessage', 'description'],
  ['listResponseMessage', 'singleSelectReply', 'selectedRowId'],
  ['templateButtonReplyMessage', 'selectedDisplayText'],
  ['templateButtonReplyMessage', 'selectedId'],
  ['interactiveResponseMessage', 'body', 'text'],
  ['templateMessage', 'hydratedTemplate', 'hydratedContentText'],
  ['templateMessage', 'hydratedTemplate', 'hydratedTitleText'],
  ['templateMessage', 'hydratedFourRowTemplate', 'hydratedContentText'],
  ['templateMessage', 'hydratedFourRowTemplate', 'hydratedTitleText'],
  ['templateMessage', 'interactiveMessageTemplate', 'body', 'text'],
  ['templateMessage', 'interactiveMessageTemplate', 'header', 'title'],
  ['buttonsMessage', 'contentText'],
  ['buttonsMessage', 'text'],
  ['listMessage', 'description'],
  ['listMessage', 'title'],
  ['interactiveMessage', 'body', 'text'],
  ['interactiveMessage', 'header', 'title'],
  ['interactiveMessage', 'header', 'subtitle'],
  ['pollCreationMessage*', 'name'],
  ['eventMessage', 'name'],
  ['eventMessage', 'description'],
  ['contactMessage', 'displayName'],
  ['contactsArrayMessage', 'displayName'],
  ['contactsArrayMessage', 'contacts', '0', 'displayName'],
  ['locationMessage', 'name'],
  ['locationMessage', 'address'],
  ['locationMessage', 'comment'],
  ['liveLocationMessage', 'caption'],
  ['productMessage', 'product', 'title'],
  ['orderMessage', 'message'],
];

/** The text or caption; empty if there is none. The message must be unwrapped. */
export function textOf(message: proto.IMessage): string {
  for (const path of TEXTS) {
    const text = valueAt(message, path);
    if (typeof text === 'string' && text !== '') return text;
  }
  // Kinds that are not known yet.
  for (const part of Object.values(message)) {
    const caption = isObject(part) ? part.caption : undefined;
    if (typeof caption === 'string' && caption !== '') return caption;
  }
  // The picture in the header of a template, of buttons or of an interactive message.
  return findMedia(message as Fields, 0)?.part.caption ?? '';
}

function valueAt(message: proto.IMessage, path: readonly string[]): unknown {
  let value: unknown = message;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    const fields: Fields = value;
    const key = name.endsWith('*')
      ? Object.keys(fields).find((each) => each.startsWith(name.slice(0, -1)))
      : name;
    value = key === undefined ? undefined : fields[key];
  }
  return value;
}

export type MediaPart = proto.Message.IImageMessage & { fileName?: string | null };

const KINDS: Readonly<Record<string, MediaKind>> = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
};
/** Fields that hold media of other messages, or files of the account itself. */
const OTHER_FIELDS: ReadonlySet<string> = new Set([
  'contextInfo',
  'messageContextInfo',
  'protocolMessage',
  'extendedTextMessage',
  'senderKeyDistributionMessage',
]);

/**
 * The media of an unwrapped message and its kind. Media is known by its field, or by its shape: an object with a
 * `directPath` or `url` and a `mediaKey`, whose kind is that of its MIME type.
 */
export function mediaOf(message: proto.IMessage): { part: MediaPart; facts: IncomingMedia } | undefined {
  const found = findMedia(message as Fields, 0);
  if (!found) return undefined;
  const { kind, part } = found;
  const facts: IncomingMedia = {
    kind,
    mimetype: part.mimetype ?? 'application/octet-stream',
    sizeBytes: part.fileLength == null ? undefined : toNumber(part.fileLength),
    fileName: part.fileName ?? undefined,
  };
  return { part, facts };
}

function findMedia(
  fields: Fields,
  depth: number,
): { readonly kind: MediaKind; readonly part: MediaPart } | undefined {
  const own: Array<readonly [string, Fields]> = [];
  for (const [name, value] of Object.entries(fields))
    if (isObject(value) && !Array.isArray(value) && !OTHER_FIELDS.has(name)) own.push([name, value]);
  for (const [name, value] of own) {
    const kind = KINDS[name];
    if (kind) return { kind, part: value as MediaPart };
    if ((value.directPath || value.url) && value.mediaKey instanceof Uint8Array)
      return { kind: kindOfType(value.mimetype), part: value as MediaPart };
  }
  if (depth === DEEPEST_MEDIA) return undefined;
  for (const [, value] of own) {
    const found = findMedia(value, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function kindOfType(mimetype: unknown): MediaKind {
  const kind = typeof mimetype === 'string' ? mimetype.split('/', 1)[0] : undefined;
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'document';
}

/** What an unwrapped message says about its context: what it quotes, whom it mentions. */
export function contextOf(message: proto.IMessage): proto.IContextInfo | undefined {
  for (const part of Object.values(message)) {
    if (isObject(part) && isObject(part.contextInfo)) return part.contextInfo as proto.IContextInfo;
  }
  return undefined;
}
