import { readPictureSize } from '../../core/picture-size.ts';

const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;

/**
 * A WebP that tells phones the name of its sticker pack and the author, in an EXIF chunk with one entry (0x5741, JSON).
 * The bytes are unchanged without a name, or if they are not a WebP.
 * https://developers.google.com/speed/webp/docs/riff_container
 */
export function withStickerPack(webp: Uint8Array, pack?: string, author?: string): Uint8Array {
  if (pack === undefined && author === undefined) return webp;
  const size = readPictureSize(webp);
  if (size?.format !== 'webp') return webp;
  const chunks = readChunks(Buffer.from(webp)).filter(({ name }) => name !== 'EXIF');
  const extended = chunks.find(({ name }) => name === 'VP8X');
  const header =
    extended?.data ??
    newHeader(
      size,
      chunks.some(({ name }) => name === 'VP8L' || name === 'ALPH'),
    );
  header[0] = (header[0] ?? 0) | HAS_EXIF;
  const rest = chunks.filter((chunk) => chunk !== extended);
  const all = [{ name: 'VP8X', data: header }, ...rest, { name: 'EXIF', data: exifOf(pack, author) }];
  const body = Buffer.concat([Buffer.from('WEBP'), ...all.map(writeChunk)]);
  return Buffer.concat([Buffer.from('RIFF'), uint32(body.length), body]);
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

function readChunks(webp: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 12; at + 8 <= webp.length; ) {
    const length = webp.readUInt32LE(at + 4);
    chunks.push({
      name: webp.toString('latin1', at, at + 4),
      data: Buffer.from(webp.subarray(at + 8, at + 8 + length)),
    });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function writeChunk({ name, data }: Chunk): Buffer {
  return Buffer.concat([Buffer.from(name), uint32(data.length), data, Buffer.alloc(data.length % 2)]);
}

function newHeader(
  { width, height }: { readonly width: number; readonly height: number },
  hasAlpha: boolean,
): Buffer {
  const header = Buffer.alloc(10);
  header[0] = hasAlpha ? HAS_ALPHA : 0;
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return header;
}

/** A TIFF header with one directory of one entry, whose value is the JSON behind it. */
function exifOf(pack = '', author = ''): Buffer {
  const json = Buffer.from(
    JSON.stringify({
      'sticker-pack-id': pack,
      'sticker-pack-name': pack,
      'sticker-pack-publisher': author,
      emojis: [],
    }),
  );
  const head = Buffer.from([
    0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, 0x41, 0x57, 7, 0, 0, 0, 0, 0, 0x16, 0, 0, 0,
  ]);
  head.writeUInt32LE(json.length, 14);
  return Buffer.concat([head, json]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
