import { expect, test } from 'vitest';
import { Places } from '../../../../src/bot/run/semaphore.ts';
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
function makePlaces(count: number) {
  const places = new Places<{ name: string }>(count);
  const inside: string[] = [];
  const enter = (holder: { name: string }, signal = calm) =>
    places.take(holder, signal).then(
      () => void inside.push(holder.name),
      (error: unknown) => void inside.push(`${holder.name}: ${error}`),
    );
  return { places, inside, enter };
}

test('who comes first has a place first, and the next one when it leaves', async () => {
  const { places, inside, enter } = makePlaces(2);
  for (const one of [a, b, c, d]) void enter(one);
  await rest();
  expect(inside).toEqual(['a', 'b']);
  places.leave(b);
  await rest();
  expect(inside).toEqual(['a', 'b', 'c']);
  places.leave(a);
  places.leave(c);
  await rest();
  expect(inside).toEqual(['a', 'b', 'c', 'd']);
});

test('a holder has one place however often it asks, and none once it left', async () => {
  const { places, inside, enter } = makePlaces(2);
  void enter(a);
  void enter(a);
  places.leave(b); // it never came
  void enter(b);
  places.leave(a);
  places.leave(d);
  void enter(c);
  await rest();
  void enter(e);
  void enter(f);
  await rest();
  expect(inside).toEqual(['a', 'a', 'b', 'c', 'e']);
});

test('who is cut off while waiting leaves the place to the next', async () => {
  const { places, inside, enter } = makePlaces(1);
  const cut = new AbortController();
  void enter(a);
  void enter(b, cut.signal);
  void enter(c);
  cut.abort('cut');
  places.leave(b);
  places.leave(a);
  await rest();
  expect(inside).toEqual(['a', 'b: cut', 'c']);
});
