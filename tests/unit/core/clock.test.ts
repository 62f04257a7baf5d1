import { describe, expect, it } from 'vitest';
import { sleep, type Timepieces } from '../../../src/core/clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A clock that runs ahead of every sleep; `during` is what else happens to it in the n-th one. */
class FakeClock implements Timepieces {
  wall = 1_700_000_000_000;
  up = 5_000;
  readonly sleeps: number[] = [];
  readonly #during: (clock: FakeClock, nth: number) => void;

  constructor(during: (clock: FakeClock, nth: number) => void = () => {}) {
    this.#during = during;
  }

  now = (): number => this.wall;
  upMs = (): number => this.up;

  async timer(ms: number): Promise<void> {
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
  ])('a wait of %s lasts exactly so long', async (_, ms) => {
    const clock = new FakeClock();
    await sleep(ms, never, clock);
    expect(clock.sleptMs).toBe(ms);
    expect(Math.max(...clock.sleeps)).toBeLessThanOrEqual(MINUTE);
  });

  it('a wait of 0 ms or less ends at once', async () => {
    const clock = new FakeClock();
    await sleep(0, never, clock);
    await sleep(-1, never, clock);
    expect(clock.sleeps).toEqual([]);
  });

  it('a wait ends when the machine wakes up after its end', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall += 8 * HOUR;
    });
    await sleep(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(3 * MINUTE);
  });

  it('a wait goes on for the rest when the machine wakes up before its end', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall += HOUR;
    });
    await sleep(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(HOUR);
  });

  it('a wait does not get longer if the clock is set back', async () => {
    const clock = new FakeClock((self, nth) => {
      if (nth === 3) self.wall -= 24 * HOUR;
    });
    await sleep(2 * HOUR, never, clock);
    expect(clock.sleptMs).toBe(2 * HOUR);
  });

  it('a wait rejects when its signal aborts, and at once if the signal has aborted', async () => {
    const stop = new AbortController();
    const clock = new FakeClock((_, nth) => {
      if (nth === 2) stop.abort();
    });
    await expect(sleep(HOUR, stop.signal, clock)).rejects.toThrow();
    await expect(sleep(HOUR, stop.signal, clock)).rejects.toThrow();
    expect(clock.sleeps).toHaveLength(2);
  });

  it('a wait by the real clock is not shorter than it should be', async () => {
    const wallMs = Date.now();
    const upMs = performance.now();
    await sleep(20, never);
    // Either clock may end it, and one counts whole milliseconds only.
    expect(Math.max(Date.now() - wallMs, performance.now() - upMs)).toBeGreaterThanOrEqual(20);
  });
});
