import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits/limits.ts';
import { mustAsk, numberMeant, pauseMs } from '../../../src/core/typed-number.ts';

const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const TYPED = '5531988887777';
const REAL = '553188887777';

test.each([
  ['as it is typed before WhatsApp has answered', undefined, TYPED],
  ['as WhatsApp has it, and no longer as it is typed', { atMs: NOW, number: REAL }, REAL],
  ['as it is typed if WhatsApp knows no account', { atMs: NOW, number: null }, TYPED],
  ['as WhatsApp had it some days ago', { atMs: NOW - 29 * DAY_MS, number: REAL }, REAL],
  ['as it is typed if the answer is too old', { atMs: NOW - 30 * DAY_MS, number: REAL }, TYPED],
  [
    'as it is typed if the answer is from far in the future',
    { atMs: NOW + 40 * DAY_MS, number: REAL },
    TYPED,
  ],
] as const)('a typed number counts %s', (_, answer, expected) => {
  expect(numberMeant(TYPED, answer, NOW)).toBe(expected);
});

test.each([
  ['there is no answer', undefined, true],
  ['the answer is of today', { atMs: NOW, number: REAL }, false],
  ['the number was known six days ago', { atMs: NOW - 6 * DAY_MS, number: REAL }, false],
  ['the number was known a week ago', { atMs: NOW - 7 * DAY_MS, number: REAL }, true],
  ['the number was unknown an hour ago', { atMs: NOW - 3_600_000, number: null }, false],
  ['the number was unknown a day ago', { atMs: NOW - DAY_MS, number: null }, true],
] as const)('whether WhatsApp is asked if %s: $2', (_, answer, expected) => {
  expect(mustAsk(answer, NOW)).toBe(expected);
});

test('the pauses after look-ups without an answer grow from a minute to their limit', () => {
  expect(pauseMs(1)).toBe(60_000);
  expect(pauseMs(2)).toBe(120_000);
  expect(pauseMs(50)).toBe(LIMITS['number-lookups'].timeMs);
});
