import { expect, test } from 'vitest';
import type { RunResult } from '../../../../src/bot/run/run-result.ts';
import { Suspects } from '../../../../src/bot/run/suspects.ts';
import type { CrashHistory } from '../../../../src/core/crash-history.ts';
import { FakeClock, rest } from '../fakes.ts';

/** Suspects, and in which order they were begun and lost their turns. */
function makeSuspects(histories: Readonly<Record<string, CrashHistory>> = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const suspects = new Suspects(clock, {
    historyOf: (key) => histories[key] ?? { crashes: 1 },
    noteShared: (key) => void events.push(`shared ${key}`),
  });
  /** Work that runs until it is told to end. */
  const run = (key: string) => {
    let end: () => void = () => undefined;
    const over = new Promise<RunResult>((resolve) => {
      end = () => resolve('done');
    });
    const result = suspects.run(key, () => {
      events.push(`begin ${key}`);
      return over;
    });
    return { end, result };
  };
  return { suspects, clock, events, run };
}

test('a suspect is begun when the one before it is over', async () => {
  const { events, run } = makeSuspects();
  const first = run('a');
  const second = run('b');
  await rest();
  expect(events).toEqual(['begin a']);
  first.end();
  await rest();
  expect(events).toEqual(['begin a', 'begin b']);
  second.end();
  expect(await Promise.all([first.result, second.result])).toEqual(['done', 'done']);
  expect(events).toEqual(['begin a', 'begin b']);
});

test('work that is no suspect begins at once', async () => {
  const { events, run } = makeSuspects({ new: {}, behind: { crashes: 0 } });
  for (const key of ['a', 'b', 'new', 'behind']) run(key);
  await rest();
  expect(events).toEqual(['begin new', 'begin behind', 'begin a']);
});

test('the next suspect is begun when a turn is over, and the first one is noted before that', async () => {
  const { clock, events, run } = makeSuspects();
  run('a');
  const second = run('b');
  await clock.advance(1_999);
  expect(events).toEqual(['begin a']);
  await clock.advance(1);
  expect(events).toEqual(['begin a', 'shared a', 'begin b']);
  second.end();
  await clock.advance(60_000);
  expect(events).toEqual(['begin a', 'shared a', 'begin b']);
});

test('the last suspect loses its turn too if another one still runs beside it', async () => {
  const { clock, events, run } = makeSuspects();
  run('a');
  run('b');
  await clock.advance(4_000);
  expect(events).toEqual(['begin a', 'shared a', 'begin b', 'shared b']);
});

test('a suspect that runs alone keeps its turn', async () => {
  const { clock, events, run } = makeSuspects();
  run('a');
  await clock.advance(60_000);
  expect(events).toEqual(['begin a']);
});

test('after stop, what waits for its turn stays unfinished', async () => {
  const { suspects, events, run } = makeSuspects();
  const first = run('a');
  const second = run('b');
  await rest();
  suspects.stop();
  expect(await second.result).toBe('unfinished');
  first.end();
  expect(await first.result).toBe('done');
  expect(events).toEqual(['begin a']);
});
