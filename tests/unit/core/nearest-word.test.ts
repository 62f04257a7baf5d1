import { expect, test } from 'vitest';
import { nearestWord } from '../../../src/core/nearest-word.ts';

test.each<[written: string, words: string[], nearest: string | undefined]>([
  ['OWNER_NUMBER', ['OWNER_NUMBERS', 'HTTP_PORT'], 'OWNER_NUMBERS'],
  ['LOGLEVEL', ['LOG_LEVEL'], 'LOG_LEVEL'],
  ['strat', ['start', 'dev'], 'start'],
  ['sesion', ['session', 'start'], 'session'],
  ['launch', ['start', 'dev', 'demo'], undefined],
])('the word nearest to %s in %j is %s', (written, words, nearest) => {
  expect(nearestWord(written, words)).toBe(nearest);
});
