import { expect, test } from 'vitest';
import { formatDuration, readDuration } from '../../../src/bot/duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each<[string, number | undefined, string]>([
  ['20m tea', 20 * MINUTE, 'tea'],
  ['20 minutes tea', 20 * MINUTE, 'tea'],
  ['20 min', 20 * MINUTE, ''],
  ['1h30m tea', 1.5 * HOUR, 'tea'],
  ['1 hour 30 minutes tea', 1.5 * HOUR, 'tea'],
  ['1 hour, and 30 minutes tea', 1.5 * HOUR, 'tea'],
  ['1.5 h tea', 1.5 * HOUR, 'tea'],
  ['2 days and 3 friends', 48 * HOUR, 'and 3 friends'],
  ['2 Weeks', 14 * 24 * HOUR, ''],
  ['90S x', 90_000, 'x'],
  ['20', undefined, ''],
  ['20 miles', undefined, ''],
  ['and 20m tea', undefined, ''],
  ['tea 20m', undefined, ''],
  ['-5m x', undefined, ''],
  ['99999999m x', undefined, ''],
  ['', undefined, ''],
])('readDuration reads %j as %s ms', (text, ms, rest) => {
  expect(readDuration(text)).toEqual(ms === undefined ? undefined : { ms, rest });
});

test.each<[number, string]>([
  [0, '0 seconds'],
  [999, '0 seconds'],
  [1_000, '1 second'],
  [61_000, '1 minute 1 second'],
  [20 * MINUTE, '20 minutes'],
  [HOUR + 5_000, '1 hour'],
  [26 * HOUR + MINUTE, '1 day 2 hours'],
])('formatDuration writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
