import type { proto } from '@whiskeysockets/baileys';
import { unwrapped } from '../phones/message-bytes.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { isShown } from './is-shown.ts';
import { decryptMedia, encryptMedia, type MediaType } from './media-cipher.ts';
import type { MediaHost } from './media-host.ts';

export interface MediaFile {
  readonly type: MediaType;
  readonly data: Buffer;
  readonly mimetype: string;
  readonly caption?: string;
  readonly fileName?: string;
  /** A special form: a voice note, a GIF, a round video note, an animated or a Lottie sticker. Default none. */
  readonly form?: 'voice' | 'gif' | 'round' | 'animated' | 'lottie';
  /** The length that the sender claims for a sound. Default none. */
  readonly seconds?: number;
  /** The `url` in the message. Default the file on the media host. Real stickers have `https://web.whatsapp.net`. */
  readonly url?: string;
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
  const { mimetype, caption, fileName, form } = file;
  const place = host.put(blob);
  const url = file.url ?? place.url;
  const common = { ...keys, ...place, url, mimetype, mediaKeyTimestamp: nowSeconds() };
  const captioned = caption === undefined ? common : { ...common, caption };
  switch (file.type) {
    case 'image':
      return { imageMessage: captioned };
    case 'video':
      if (form === 'round') return { ptvMessage: common };
      return { videoMessage: form === 'gif' ? { ...captioned, gifPlayback: true } : captioned };
    case 'audio':
      return {
        audioMessage: audioOf(
          { ...common, ...(file.seconds !== undefined && { seconds: file.seconds }) },
          form,
        ),
      };
    case 'sticker':
      return stickerOf(common, form);
    case 'document':
      return { documentMessage: { ...captioned, fileName: fileName ?? 'file' } };
  }
}

function audioOf(common: proto.Message.IAudioMessage, form: MediaFile['form']): proto.Message.IAudioMessage {
  return form === 'voice' ? { ...common, ptt: true } : common;
}

function stickerOf(common: proto.Message.IStickerMessage, form: MediaFile['form']): proto.IMessage {
  if (form === 'lottie')
    return { lottieStickerMessage: { message: { stickerMessage: { ...common, isLottie: true } } } };
  return { stickerMessage: form === 'animated' ? { ...common, isAnimated: true } : common };
}

/** The file of a message, as a phone gets it. */
export interface ReceivedFile {
  readonly type: MediaType;
  readonly mimetype: string;
  readonly data: Buffer;
  /** Whether a phone shows or plays it. If not, the person sees an empty message. */
  readonly isShown: boolean;
}

/** The decrypted file of a media message. Throws if the message has no file or its hashes do not match. */
export function fileIn(message: proto.IMessage, host: MediaHost): ReceivedFile {
  const media = mediaIn(message);
  if (!media?.mediaKey || !media.directPath) throw new Error('the message has no file');
  const { type, directPath, mediaKey, fileSha256, mimetype } = media;
  const blob = host.get(directPath);
  if (!blob) throw new Error('the file is not on the media host');
  const data = decryptMedia(blob, type, Buffer.from(mediaKey), Buffer.from(fileSha256 ?? []));
  return { type, mimetype: mimetype ?? '', data, isShown: isShown(type, mimetype ?? '', data) };
}

/** The media of a message, whatever it is wrapped in. */
export function mediaIn(message: proto.IMessage): (MediaContent & { readonly type: MediaType }) | undefined {
  const inner = unwrapped(message);
  const all: [MediaType, MediaContent | null | undefined][] = [
    ['image', inner.imageMessage],
    ['video', inner.videoMessage],
    ['audio', inner.audioMessage],
    ['sticker', inner.stickerMessage],
    ['document', inner.documentMessage],
    ['video', inner.ptvMessage],
  ];
  for (const [type, content] of all) {
    if (content?.mediaKey && content.directPath) return { ...content, type };
  }
  return undefined;
}
