import { expect, test } from 'vitest';
import { compose, type Middleware } from '../../../src/bot/middleware.ts';

const tracing =
  (name: string): Middleware<string[]> =>
  async (trace, next) => {
    trace.push(`${name} in`);
    await next();
    trace.push(`${name} out`);
  };

test('middleware steps wrap each other, the first outermost', async () => {
  const trace: string[] = [];
  await compose([tracing('a'), tracing('b')])(trace, async () => void trace.push('last'));
  expect(trace).toEqual(['a in', 'b in', 'last', 'b out', 'a out']);
});

test('a middleware step that does not call next() ends the handling', async () => {
  const trace: string[] = [];
  await compose<string[]>([tracing('a'), () => undefined])(trace, async () => void trace.push('last'));
  expect(trace).toEqual(['a in', 'a out']);
});

test('a second call of the same next() rejects', async () => {
  const twice: Middleware<string[]> = async (_trace, next) => {
    await next();
    await next();
  };
  const trace: string[] = [];
  await expect(compose([twice])(trace, async () => void trace.push('last'))).rejects.toThrow('called twice');
  expect(trace).toEqual(['last']);
});

test('composed middleware works for several messages at once', async () => {
  const steps = compose([tracing('a')]);
  const traces = [[], [], []] as string[][];
  await Promise.all(traces.map((trace) => steps(trace, async () => void trace.push('last'))));
  for (const trace of traces) expect(trace).toEqual(['a in', 'last', 'a out']);
});

test('a middleware step that throws synchronously rejects', async () => {
  const bad: Middleware<string[]> = () => {
    throw new Error('bad step');
  };
  await expect(compose([tracing('a'), bad])([], async () => undefined)).rejects.toThrow('bad step');
});
