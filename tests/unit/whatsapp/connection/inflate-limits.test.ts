import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deflateSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/core/limits.ts';
import { limitInflate } from '../../../../src/whatsapp/connection/inflate-limits.ts';

beforeAll(() => limitInflate());

/** `bytes` zeros, deflated. */
const bomb = (bytes: number): Buffer => deflateSync(Buffer.alloc(bytes));

it('a frame that inflates to more than the limit is refused by the library', async () => {
  // Loaded after the limit, as the program does it.
  const { decodeBinaryNode } = await import('@whiskeysockets/baileys');
  const frame = Buffer.concat([Buffer.from([2]), bomb(LIMITS['inflate:frame'].bytesEach + 1)]);
  await expect(decodeBinaryNode(frame)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
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
  await expect(inflated(most + 1)).rejects.toThrow('too large');
});
