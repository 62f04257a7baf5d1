import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import { limitInflate } from '../../../../src/whatsapp/connection/inflate-limits.ts';

beforeAll(() => limitInflate());

/** `bytes` zeros, deflated. */
const bomb = (bytes: number): Buffer => deflateSync(Buffer.alloc(bytes));

it('compressed data that inflates to more than the limit is an error', async () => {
  const { inflate } = await import('node:zlib');
  const most = LIMITS['inflate:frame'].bytesEach;
  expect(await promisify(inflate)(bomb(most))).toHaveLength(most);
  await expect(promisify(inflate)(bomb(most + 1))).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
});

it('a stream that inflates to more than the limit ends with an error, and one below it is whole', async () => {
  const { createInflate } = await import('node:zlib');
  const inflated = async (bytes: number): Promise<number> => {
    let size = 0;
    const inflater = createInflate();
    inflater.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    await pipeline(Readable.from([bomb(bytes)]), inflater);
    return size;
  };
  const most = LIMITS['inflate:history'].bytesEach;
  expect(await inflated(most)).toBe(most);
  await expect(inflated(most + 1)).rejects.toThrow(RangeError);
});
