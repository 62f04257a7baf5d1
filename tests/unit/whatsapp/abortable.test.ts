import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { underEither } from '../../../src/whatsapp/abortable.ts';

const never = new AbortController().signal;

describe('work under two signals', () => {
  it.each([0, 1])('work under two signals sees signal %i abort', async (index) => {
    const signals = [new AbortController(), new AbortController()] as const;
    await underEither([signals[0].signal, signals[1].signal], async (either) => {
      expect(either.aborted).toBe(false);
      signals[index]?.abort();
      expect(either.aborted).toBe(true);
    });
  });

  it('work under two signals sees a signal that was aborted before', async () => {
    const aborted = await underEither([AbortSignal.abort(), never], async (either) => either.aborted);
    expect(aborted).toBe(true);
  });

  it('work under two signals passes its result and its error on', async () => {
    expect(await underEither([never, never], async () => 7)).toBe(7);
    await expect(underEither([never, never], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('work under two signals leaves no listener on a signal that lives on', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const heap = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed / 1024 ** 2;
    };
    const long = new AbortController().signal;
    const run = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        const short = new AbortController().signal;
        await underEither([short, long], async (either) => {
          either.addEventListener('abort', () => {}, { once: true });
        });
      }
    };
    await run(1_000);
    const before = heap();
    await run(20_000);
    expect(getEventListeners(long, 'abort')).toEqual([]);
    // `AbortSignal.any` keeps some 24 MiB.
    expect(heap() - before).toBeLessThan(4);
  });
});
