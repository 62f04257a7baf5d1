import { afterEach, expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { phrases, replacePhrases } from '../../../src/bot/phrases.ts';
import { decideVerdict } from '../../../src/bot/run/run-result.ts';
import { incoming, makeBot } from './fakes.ts';

const english = { ...phrases };
afterEach(() => replacePhrases(english));

test('a replaced phrase is what the bot says, and the others stay', () => {
  replacePhrases({ failed: 'Entschuldigung, das ging schief.' });
  expect(decideVerdict({ kind: 'threw', error: new Error('x') }).notice).toBe(
    'Entschuldigung, das ging schief.',
  );
  expect(decideVerdict({ kind: 'too-late' }).notice).toBe(english.tookTooLong);
});

test('a handler that manages a group says the replaced phrase in a direct chat', async () => {
  replacePhrases({ groupsOnly: 'Das geht nur in Gruppen.' });
  const name = command({ name: 'name', summary: 's', run: (ctx) => ctx.admin.rename('Garden') });
  const { bot, messenger } = makeBot([name]);
  await bot.handle(incoming('!name'));
  expect(messenger.texts).toEqual(['Das geht nur in Gruppen.']);
});

test.each<[own: object, problem: RegExp]>([
  [{ faild: 'x' }, /"faild" is no phrase\. Did you mean "failed"\?$/],
  [{ ownerOnly: 'x' }, /Did you mean "ownersOnly"\?$/],
  [{ hello: 'x' }, /"hello" is no phrase\. There are: unknownCommand, failed, /],
  [{ tooSoon: 'later' }, /"tooSoon" must be a function/],
  [{ failed: undefined }, /"failed" must be a string/],
])('phrases that do not fit are refused and change nothing: %j', (own, problem) => {
  expect(() => replacePhrases({ cancelled: 'Ende.', ...own })).toThrow(problem);
  expect(phrases.cancelled).toBe('Cancelled.');
});
