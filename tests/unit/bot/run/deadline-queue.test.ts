import { expect, test } from 'vitest';
import { DeadlineQueue } from '../../../../src/bot/run/deadline-queue.ts';
import { FakeClock, START_MS } from '../fakes.ts';

function makeDeadlines() {
  const clock = new FakeClock();
  const deadlines = new DeadlineQueue(clock, 60_000);
  const expired: Array<[name: string, atMs: number]> = [];
  const add = (name: string, dueAtMs: () => number) => {
    const timed = { dueAtMs, expire: () => void expired.push([name, clock.now() - START_MS]) };
    deadlines.add(timed);
    return timed;
  };
  return { clock, deadlines, expired, add };
}

test('items expire when they are due, with one timer for all of them', async () => {
  const { clock, expired, add } = makeDeadlines();
  add('a', () => START_MS + 60_000);
  await clock.advance(25_000);
  add('b', () => START_MS + 85_000);
  add('c', () => START_MS + 90_000);
  expect(clock.sleeping).toBe(1);
  await clock.advance(600_000);
  expect(expired).toEqual([
    ['a', 60_000],
    ['b', 85_000],
    ['c', 90_000],
  ]);
  expect(clock.sleeping).toBe(0);
});

test('an item that was put off expires later, and a removed one does not expire', async () => {
  const { clock, deadlines, expired, add } = makeDeadlines();
  let dueAtMs = START_MS + 60_000;
  add('late', () => dueAtMs);
  deadlines.delete(add('gone', () => START_MS + 60_000));
  await clock.advance(30_000);
  dueAtMs += 45_000;
  await clock.advance(600_000);
  expect(expired).toEqual([['late', 105_000]]);
});

test('stop() of the deadline queue ends its timer', async () => {
  const { clock, deadlines, expired, add } = makeDeadlines();
  add('a', () => START_MS + 60_000);
  deadlines.stop();
  await clock.advance(600_000);
  expect(expired).toEqual([]);
  expect(clock.sleeping).toBe(0);
});
