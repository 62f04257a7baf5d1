import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { sleepUntilAborted, underEither, type WaitClock } from '../../../src/core/waits.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A clock that runs ahead of every sleep; `during` is what else happens to it in the n-th one. */
class FakeClock implements WaitClock {
  wall = 1_700_000_000_000;
  up = 5_000;
  readonly sleeps: number[] = [];
  readonly #during: (clock: FakeClock, nth: number) => void;

  constructor(during: (clock: FakeClock, nth: number) => void = () => {}) {
    this.#during = during;
  }

  wallMs = (): number => this.wall;
  upMs = (): number => this.up;

  async sleep(ms: number): Promise<void> {
    this.wall += ms;
    this.up += ms;
    this.sleeps.push(ms);
    this.#during(this, this.sleeps.length);
  }

  get sleptMs(): number {
    return this.sleeps.reduce((sum, ms) => sum + ms, 0);
  }
}

const never = new AbortController().signal;

describe('a wait', () => {
  it.each([
    ['5 seconds', 5_000],
    ['a day', 24 * HOUR],
    ['40 days, longer than any timer', 40 * 24 * HOUR],
  ])('of %s lasts exactly so long', async (_, ms) => {
    const clock = new FakeClock();
    await sleepUntilAborted(ms, never, clock);
    expect(clock.sleptMs).toBe(ms);
    expect(Math.max(...clock.sleeps)).toBeLessThanOrEqual(MINUTE);
  });

  it('of nothing, or less, is none', async () => {
    const clock = new FakeClock();
    await sleepUntilAborted(0, never, clock);
    await sleepUntilAborted(-1, never, clock);
    expect(clock.sleeps).toEqual([]);
  });

  it('is over when the machine wakes up after its end', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall += 8 * HOUR;
    });
    await sleepUntilAborted(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(3 * MINUTE);
  });

  it('goes on for the rest when the machine wakes up before its end', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall += HOUR;
    });
    await sleepUntilAborted(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(HOUR);
  });

  it('is no longer where the clock is set back', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall -= 24 * HOUR;
    });
    await sleepUntilAborted(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(2 * HOUR);
  });

  it('ends with the signal, and one that is aborted already never begins', async () => {
    const stop = new AbortController();
    const clock = new FakeClock((_, nth) => {
      if (nth === 2) stop.abort();
    });
    await sleepUntilAborted(HOUR, stop.signal, clock);
    await sleepUntilAborted(HOUR, stop.signal, clock);
    expect(clock.sleeps).toHaveLength(2);
  });

  it('by real clocks is not shorter than it says', async () => {
    const beganAtMs = performance.now();
    await sleepUntilAborted(20, never);
    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(20);
  });
});

describe('work under two signals', () => {
  it.each([0, 1])('sees signal %i abort', async (index) => {
    const signals = [new AbortController(), new AbortController()] as const;
    await underEither([signals[0].signal, signals[1].signal], async (either) => {
      expect(either.aborted).toBe(false);
      signals[index]?.abort();
      expect(either.aborted).toBe(true);
    });
  });

  it('sees one that was aborted before', async () => {
    const aborted = await underEither([AbortSignal.abort(), never], async (either) => either.aborted);
    expect(aborted).toBe(true);
  });

  it('passes on what the work gives and throws', async () => {
    expect(await underEither([never, never], async () => 7)).toBe(7);
    await expect(underEither([never, never], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('leaves nothing behind on a signal that lives on, however often', async () => {
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
