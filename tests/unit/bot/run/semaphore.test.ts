import { expect, test } from 'vitest';
import { Semaphore } from '../../../../src/bot/run/semaphore.ts';
import { rest } from '../fakes.ts';

const calm = new AbortController().signal;

const [a, b, c, d, e, f] = [
  { name: 'a' },
  { name: 'b' },
  { name: 'c' },
  { name: 'd' },
  { name: 'e' },
  { name: 'f' },
] as const;

/** Takes places for these, and tells who has one. */
function makeSemaphore(count: number) {
  const semaphore = new Semaphore<{ name: string }>(count);
  const inside: string[] = [];
  const enter = (holder: { name: string }, signal = calm) =>
    semaphore.acquire(holder, signal).then(
      () => void inside.push(holder.name),
      (error: unknown) => void inside.push(`${holder.name}: ${error}`),
    );
  return { semaphore, inside, enter };
}

test('holders get slots in the order in which they came, and a freed slot goes to the next one', async () => {
  const { semaphore, inside, enter } = makeSemaphore(2);
  for (const one of [a, b, c, d]) void enter(one);
  await rest();
  expect(inside).toEqual(['a', 'b']);
  semaphore.release(b);
  await rest();
  expect(inside).toEqual(['a', 'b', 'c']);
  semaphore.release(a);
  semaphore.release(c);
  await rest();
  expect(inside).toEqual(['a', 'b', 'c', 'd']);
});

test('a holder has one slot however often it acquires, and none after it released', async () => {
  const { semaphore, inside, enter } = makeSemaphore(2);
  void enter(a);
  void enter(a);
  semaphore.release(b); // it never came
  void enter(b);
  semaphore.release(a);
  semaphore.release(d);
  void enter(c);
  await rest();
  void enter(e);
  void enter(f);
  await rest();
  expect(inside).toEqual(['a', 'a', 'b', 'c', 'e']);
});

test('a holder whose signal aborts while it waits leaves the slot to the next one', async () => {
  const { semaphore, inside, enter } = makeSemaphore(1);
  const cut = new AbortController();
  void enter(a);
  void enter(b, cut.signal);
  void enter(c);
  cut.abort('cut');
  semaphore.release(b);
  semaphore.release(a);
  await rest();
  expect(inside).toEqual(['a', 'b: cut', 'c']);
});
