import { afterEach, expect, test } from 'vitest';
import { phrases, replacePhrases } from '../../../src/bot/phrases.ts';
import { decideVerdict } from '../../../src/bot/run/outcome.ts';

const english = { ...phrases };
afterEach(() => replacePhrases(english));

test('a replaced phrase is what the bot says, and the others stay', () => {
  replacePhrases({ failed: 'Entschuldigung, das ging schief.' });
  expect(decideVerdict({ kind: 'threw', error: new Error('x') }).notice).toBe(
    'Entschuldigung, das ging schief.',
  );
  expect(decideVerdict({ kind: 'too-late' }).notice).toBe(english.tookTooLong);
});

test.each<[own: object, problem: RegExp]>([
  [{ faild: 'x' }, /"faild" is no phrase/],
  [{ tooSoon: 'later' }, /"tooSoon" must be a function/],
  [{ failed: undefined }, /"failed" must be a string/],
])('phrases that do not fit are refused and change nothing: %j', (own, problem) => {
  expect(() => replacePhrases({ cancelled: 'Ende.', ...own })).toThrow(problem);
  expect(phrases.cancelled).toBe('Cancelled.');
});
