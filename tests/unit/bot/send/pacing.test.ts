import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bucket, burstOf, isFull, takeToken } from '../../../../src/bot/send/pacing.ts';

/** Starts of sends that come when they like and wait as told, one after the other, as in one chat. */
function starts(pausesMs: readonly number[], perMinute: number): number[] {
  let bucket: Bucket | undefined;
  let nowMs = 1_000_000;
  return pausesMs.map((pauseMs) => {
    nowMs += pauseMs;
    const taken = takeToken(bucket, nowMs, perMinute);
    bucket = taken.bucket;
    nowMs += taken.waitMs;
    return nowMs;
  });
}

const anyPauses = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })), { maxLength: 300 });
const anyRate = fc.integer({ min: 1, max: 600 });

test('no span of time has more sends than the burst and the rate allow', () => {
  fc.assert(
    fc.property(anyPauses, anyRate, (pausesMs, perMinute) => {
      const times = starts(pausesMs, perMinute);
      for (const [first, from] of times.entries()) {
        for (let last = first; last < times.length; last += 1) {
          // Waits are whole milliseconds, so one may be owed.
          const minutes = ((times[last] ?? 0) - from + 1) / 60_000;
          expect(last - first + 1).toBeLessThanOrEqual(burstOf(perMinute) + perMinute * minutes + 1e-6);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a send waits at most as long as one send takes at this rate after those before it', () => {
  fc.assert(
    fc.property(anyPauses, anyRate, (pausesMs, perMinute) => {
      let bucket: Bucket | undefined;
      let nowMs = 0;
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs;
        const taken = takeToken(bucket, nowMs, perMinute);
        expect(taken.waitMs).toBeLessThanOrEqual(Math.ceil(60_000 / perMinute));
        bucket = taken.bucket;
        nowMs += taken.waitMs;
      }
    }),
  );
});

test('sends that wait at the same time leave in the order in which they came', () => {
  let bucket: Bucket | undefined;
  const waits = Array.from({ length: 200 }, () => {
    const taken = takeToken(bucket, 5_000, 60);
    bucket = taken.bucket;
    return taken.waitMs;
  });
  expect(waits.slice(0, 20)).toEqual(new Array(20).fill(0));
  expect(waits[20]).toBe(1_000);
  expect(waits[199]).toBe(180_000);
});

test('a rate of 0 is no limit', () => {
  expect(starts(new Array(1_000).fill(0), 0)).toEqual(new Array(1_000).fill(1_000_000));
});

test('a clock that is set back neither adds nor removes tokens', () => {
  const { bucket } = takeToken(undefined, 100_000, 60);
  expect(takeToken(bucket, 0, 60).waitMs).toBe(0);
});

test('a bucket is full again after the time of its burst', () => {
  let bucket: Bucket | undefined;
  for (let sends = 0; sends < burstOf(60); sends += 1) bucket = takeToken(bucket, 0, 60).bucket;
  expect(isFull(bucket, 19_000, 60)).toBe(false);
  expect(isFull(bucket, 20_000, 60)).toBe(true);
  expect(isFull(undefined, 0, 60)).toBe(true);
});
