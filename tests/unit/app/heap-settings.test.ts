import { afterEach, expect, test, vi } from 'vitest';

const setFlagsFromString = vi.hoisted(() => vi.fn<(flags: string) => void>());
vi.mock('node:v8', () => ({ setFlagsFromString }));
const { keepHeapSmall } = await import('../../../src/app/heap-settings.ts');

afterEach(() => void vi.useRealTimers());

test('the heap grows slowly, is collected by one thread, and is compacted for three of each thirty seconds', () => {
  vi.useFakeTimers();
  keepHeapSmall();
  const flagsIn = (seconds: number): string[] => {
    setFlagsFromString.mockClear();
    vi.advanceTimersByTime(seconds * 1_000);
    return setFlagsFromString.mock.calls.map(([flags]) => flags);
  };
  expect(setFlagsFromString.mock.calls).toEqual([['--heap-growing-percent=20'], ['--no-parallel-scavenge']]);
  for (let round = 0; round < 3; round += 1) {
    expect(flagsIn(round === 0 ? 29 : 26)).toEqual([]);
    expect(flagsIn(1)).toEqual(['--optimize-for-size']);
    expect(flagsIn(2)).toEqual([]);
    expect(flagsIn(1)).toEqual(['--no-optimize-for-size']);
  }
});

test('the compaction keeps no process alive', () => {
  const timers = vi.spyOn(globalThis, 'setInterval');
  keepHeapSmall();
  const made = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
  timers.mockRestore();
  expect(made.map((timer) => timer.hasRef())).toEqual([false]);
  made.forEach(clearInterval);
});
