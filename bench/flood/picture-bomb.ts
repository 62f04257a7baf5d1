import { constants, crc32, deflateRawSync } from 'node:zlib';

/** Red, green, blue and alpha. */
const CHANNELS = 4;

interface Size {
  readonly width: number;
  readonly height: number;
  /** Of each channel. */
  readonly bits: 8 | 16;
}

/** 50 megapixels: a program that decodes it needs 400 MB and more. The bot must refuse it for its size. */
const BOMB: Size = { width: 8_000, height: 6_250, bits: 16 };
/** About the largest that is decoded. */
export const LARGEST: Size = { width: 4_500, height: 4_500, bits: 8 };

const PART_BYTES = 1024 * 1024;
const ZLIB_HEADER = Buffer.from('78da', 'hex');
const ADLER_MODULUS = 65_521;

/** The seven passes of Adam7: where each starts, and its steps. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * A transparent, interlaced PNG that its EXIF turns by 90 degrees. It has some 0.4 MB at most.
 */
export function makePictureBomb(size: Size = BOMB): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size.width, 0);
  header.writeUInt32BE(size.height, 4);
  Buffer.from([size.bits, 6, 0, 0, 1]).copy(header, 8);
  const orientation = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('eXIf', orientation),
    chunk('IDAT', compressedPixels(size)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Every byte is zero: the filter of each row as well as its pixels. A part of zeros is compressed once and repeated. */
function compressedPixels({ width, height, bits }: Size): Buffer {
  const bytes = PASSES.reduce((sum, [x, y, stepX, stepY]) => {
    const rowBytes = 1 + Math.ceil((width - x) / stepX) * CHANNELS * (bits / 8);
    return sum + rowBytes * Math.ceil((height - y) / stepY);
  }, 0);
  const part = deflateRawSync(Buffer.alloc(PART_BYTES), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const parts = Array.from({ length: Math.floor(bytes / PART_BYTES) }, () => part);
  const last = deflateRawSync(Buffer.alloc(bytes % PART_BYTES), { level: 9 });
  return Buffer.concat([ZLIB_HEADER, ...parts, last, adler32OfZeros(bytes)]);
}

/** RFC 1950: its lower half is 1 plus the sum of the bytes, its upper half the sum of all lower halves. */
function adler32OfZeros(bytes: number): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt16BE(bytes % ADLER_MODULUS, 0);
  sum.writeUInt16BE(1, 2);
  return sum;
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(data, crc32(type)), 0);
  return Buffer.concat([head, data, tail]);
}
