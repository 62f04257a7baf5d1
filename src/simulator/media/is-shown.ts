import type { MediaType } from './media-cipher.ts';

const text = (data: Buffer, from: number, to: number): string => data.toString('latin1', from, to);

/** How files of each MIME type begin, by their public specifications. */
const BEGINNINGS: Readonly<Record<string, (data: Buffer) => boolean>> = {
  'audio/ogg': (data) => text(data, 0, 4) === 'OggS',
  'audio/mpeg': (data) => text(data, 0, 3) === 'ID3' || (data[0] === 0xff && ((data[1] ?? 0) & 0xe6) > 0xe0),
  'audio/wav': (data) => text(data, 0, 4) === 'RIFF' && text(data, 8, 12) === 'WAVE',
  'audio/aac': (data) => data[0] === 0xff && ((data[1] ?? 0) & 0xf6) === 0xf0,
  'audio/mp4': (data) => text(data, 4, 8) === 'ftyp',
  'video/mp4': (data) => text(data, 4, 8) === 'ftyp',
  'video/3gpp': (data) => text(data, 4, 8) === 'ftyp',
  'image/jpeg': (data) => data[0] === 0xff && data[1] === 0xd8,
  'image/png': (data) => text(data, 1, 4) === 'PNG',
  'image/webp': (data) => text(data, 0, 4) === 'RIFF' && text(data, 8, 12) === 'WEBP',
  'image/gif': (data) => text(data, 0, 4) === 'GIF8',
};

/**
 * Whether a phone shows or plays a file: its bytes must be of the type that the message states, and stickers must be
 * WebP. A document is shown by its name, whatever is in it.
 */
export function isShown(type: MediaType, mimetype: string, data: Buffer): boolean {
  if (type === 'document') return true;
  const stated = mimetype.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const wanted = type === 'sticker' ? 'image/' : `${type}/`;
  if (!stated.startsWith(wanted) || (type === 'sticker' && stated !== 'image/webp')) return false;
  return BEGINNINGS[stated]?.(data) ?? true;
}
