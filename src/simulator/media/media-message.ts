import type { proto } from '@whiskeysockets/baileys';
import { decryptMedia, encryptMedia, type MediaType } from './media-cipher.ts';
import type { MediaHost } from './media-host.ts';

export interface MediaFile {
  readonly type: MediaType;
  readonly data: Buffer;
  readonly mimetype: string;
  readonly caption?: string;
  readonly fileName?: string;
}

/** The fields that all kinds of media messages have. */
interface MediaContent {
  mediaKey?: Uint8Array | null;
  fileSha256?: Uint8Array | null;
  directPath?: string | null;
  mimetype?: string | null;
}

/** Uploads a file as a phone does and returns the message that refers to it. */
export function mediaMessage(file: MediaFile, host: MediaHost): proto.IMessage {
  const { blob, keys } = encryptMedia(file.data, file.type);
  const { mimetype, caption, fileName } = file;
  const common = { ...keys, ...host.put(blob), mimetype, mediaKeyTimestamp: Math.floor(Date.now() / 1000) };
  const captioned = caption === undefined ? common : { ...common, caption };
  switch (file.type) {
    case 'image':
      return { imageMessage: captioned };
    case 'video':
      return { videoMessage: captioned };
    case 'audio':
      return { audioMessage: common };
    case 'sticker':
      return { stickerMessage: common };
    case 'document':
      return { documentMessage: { ...captioned, fileName: fileName ?? 'file' } };
  }
}

/** The decrypted file of a media message. Throws if the message has no file or its hashes do not match. */
export function fileIn(
  message: proto.IMessage,
  host: MediaHost,
): { type: MediaType; mimetype: string; data: Buffer } {
  const inner = message.viewOnceMessage?.message ?? message;
  const all: [MediaType, MediaContent | null | undefined][] = [
    ['image', inner.imageMessage],
    ['video', inner.videoMessage],
    ['audio', inner.audioMessage],
    ['sticker', inner.stickerMessage],
    ['document', inner.documentMessage ?? inner.documentWithCaptionMessage?.message?.documentMessage],
  ];
  for (const [type, content] of all) {
    if (!content?.mediaKey || !content.directPath) continue;
    const blob = host.get(content.directPath);
    if (!blob) throw new Error('the file is not on the media host');
    const data = decryptMedia(
      blob,
      type,
      Buffer.from(content.mediaKey),
      Buffer.from(content.fileSha256 ?? []),
    );
    return { type, mimetype: content.mimetype ?? '', data };
  }
  throw new Error('the message has no file');
}
