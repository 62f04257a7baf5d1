import { expect, test } from 'vitest';
import { StopStack } from '../../../src/core/stop-stack.ts';

test('parts are stopped one after the other, the newest first', async () => {
  const stack = new StopStack();
  const stopped: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    stack.push(async () => {
      stopped.push(`${name} begins`);
      await Promise.resolve();
      stopped.push(`${name} ends`);
    });
  }
  await stack.unwind();
  expect(stopped).toEqual([
    'third begins',
    'third ends',
    'second begins',
    'second ends',
    'first begins',
    'first ends',
  ]);
});

test('a part is stopped once, however often the stack is unwound', async () => {
  const stack = new StopStack();
  let times = 0;
  stack.push(() => void (times += 1));
  await Promise.all([stack.unwind(), stack.unwind()]);
  await stack.unwind();
  expect(times).toBe(1);
});

test('a part that starts after an unwinding is stopped by the next one', async () => {
  const stack = new StopStack();
  await stack.unwind();
  let isStopped = false;
  stack.push(() => {
    isStopped = true;
  });
  await stack.unwind();
  expect(isStopped).toBe(true);
});

test('the other parts are stopped if one fails to stop, and its error is thrown', async () => {
  const stack = new StopStack();
  const stopped: string[] = [];
  stack.push(() => void stopped.push('first'));
  stack.push(() => Promise.reject(new Error('jammed')));
  stack.push(() => void stopped.push('third'));
  await expect(stack.unwind()).rejects.toThrow('jammed');
  expect(stopped).toEqual(['third', 'first']);
});

test('a part that starts while the others stop is stopped, too', async () => {
  const stack = new StopStack();
  const stopped: string[] = [];
  stack.push(() => void stopped.push('session'));
  stack.push(() => {
    stack.push(() => void stopped.push('late'));
    stopped.push('client');
  });
  await stack.unwind();
  expect(stopped).toEqual(['client', 'late', 'session']);
});

test('a part that starts after a failed unwinding is stopped by the next one', async () => {
  const stack = new StopStack();
  stack.push(() => Promise.reject(new Error('jammed')));
  await expect(stack.unwind()).rejects.toThrow('jammed');
  let isStopped = false;
  stack.push(() => {
    isStopped = true;
  });
  await stack.unwind();
  expect(isStopped).toBe(true);
});
