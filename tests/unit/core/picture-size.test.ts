import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodedBytes, readPictureSize } from '../../../src/core/picture-size.ts';

const red = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 40, height: 30, channels, background: 'red' } });

const sized = (more: object) => ({ width: 40, height: 30, ...more });

test.each<[string, () => Promise<Uint8Array>, object]>([
  [
    'a PNG',
    () => red().png().toBuffer(),
    sized({ format: 'png', channels: 3, bitsPerChannel: 8, isInterlaced: false }),
  ],
  [
    'an interlaced PNG with alpha',
    () => red(4).png({ progressive: true }).toBuffer(),
    sized({ channels: 4, isInterlaced: true }),
  ],
  ['a PNG of 16 bits', () => red().toColourspace('rgb16').png().toBuffer(), sized({ bitsPerChannel: 16 })],
  ['a JPEG', () => red().jpeg().toBuffer(), sized({ format: 'jpeg', channels: 3, isInterlaced: false })],
  [
    'a progressive JPEG with EXIF',
    () => red().withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toBuffer(),
    sized({ isInterlaced: true }),
  ],
  ['a lossy WebP', () => red().webp().toBuffer(), sized({ format: 'webp', channels: 4 })],
  ['a lossless WebP', () => red().webp({ lossless: true }).toBuffer(), sized({ format: 'webp' })],
  ['a WebP with alpha', () => red(4).webp().toBuffer(), sized({ format: 'webp' })],
  ['a GIF', () => red().gif().toBuffer(), sized({ format: 'gif' })],
])('the size of %s is read from its header', async (_what, make, size) => {
  expect(readPictureSize(await make())).toMatchObject(size);
});

test('bytes that are no picture, or whose header is cut off at any length, have no size', async () => {
  expect(readPictureSize(Buffer.from('<svg/>'))).toBeUndefined();
  expect(readPictureSize(new Uint8Array())).toBeUndefined();
  const jpeg = await red().jpeg().toBuffer();
  for (let length = 0; length < 20; length += 1)
    expect(readPictureSize(jpeg.subarray(0, length))).toBeUndefined();
});

test('the size of a decoded picture depends on bits, channels and interlacing', () => {
  const size = { format: 'png', width: 8_000, height: 6_250, channels: 4, bitsPerChannel: 16 } as const;
  expect(decodedBytes({ ...size, isInterlaced: false })).toBe(400_000_000);
  expect(decodedBytes({ ...size, isInterlaced: true })).toBe(800_000_000);
});
