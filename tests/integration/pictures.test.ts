import sharp from 'sharp';
import { expect, test } from 'vitest';
import { phrases } from '../../src/bot/phrases.ts';
import { makeSticker } from '../../src/bot/pictures/make-sticker.ts';
import { limitsReached } from '../../src/core/limits/limit-counts.ts';

const calm = new AbortController().signal;
const reached = () => new Map(limitsReached()).get('pictures') ?? 0;

test('a 16-bit interlaced PNG of 50 megapixels is refused before it is decoded', async () => {
  const bomb = Buffer.alloc(64);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bomb);
  bomb.writeUInt32BE(8_000, 16);
  bomb.writeUInt32BE(6_250, 20);
  Buffer.from([16, 6, 0, 0, 1]).copy(bomb, 24);
  const before = { reached: reached(), rss: process.memoryUsage().rss };
  for (let turn = 0; turn < 4; turn += 1)
    await expect(makeSticker(bomb, calm)).rejects.toThrow(phrases.badPicture);
  expect(reached()).toBe(before.reached + 4);
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(50_000_000);
});

test('pictures are decoded in another process: four at once leave the memory of this one as it was', async () => {
  const picture = await sharp({ create: { width: 4_000, height: 4_000, channels: 3, background: 'red' } })
    .png({ progressive: true })
    .toBuffer();
  const before = process.memoryUsage().rss;
  const stickers = await Promise.all([1, 2, 3, 4].map(() => makeSticker(picture, calm)));
  expect(stickers.map(({ length }) => length > 0)).toEqual([true, true, true, true]);
  expect(process.memoryUsage().rss - before).toBeLessThan(48_000_000);
});

test('a handler that is cut off does not wait for its picture', async () => {
  const stop = new AbortController();
  const picture = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const making = makeSticker(picture, stop.signal);
  stop.abort(new Error('cut off'));
  await expect(making).rejects.toThrow('cut off');
  expect((await makeSticker(picture, calm)).length).toBeGreaterThan(0);
});
