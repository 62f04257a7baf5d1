import { describe, expect, it } from 'vitest';
import { afterCrash, type CrashHistory, isPoison } from '../../../src/core/poison.ts';

describe('afterCrash', () => {
  it.each<[string, CrashHistory, boolean, number]>([
    ['a row that may have been the first in its chat', {}, true, 1],
    ['a row that waited behind another one', {}, false, 0],
    ['a row that was started after a crash', { crashes: 1, isStarted: true }, true, 2],
    ['a row that was not started after a crash', { crashes: 1 }, true, 1],
    ['a row that waited at the first crash and was then started', { crashes: 0, isStarted: true }, false, 1],
  ])('counts the crashes of %s', (_, history, mayBeFirst, crashes) => {
    expect(afterCrash(history, mayBeFirst)).toEqual({ crashes });
  });
});

describe('isPoison', () => {
  it.each<[string, CrashHistory, boolean]>([
    ['a row without a crash', {}, false],
    ['a row with one crash', { crashes: 1 }, false],
    ['a row with two crashes', { crashes: 2 }, true],
    ['a row with two crashes that had sent something', { crashes: 2, hasSent: true }, false],
    ['a row with three crashes that had sent something', { crashes: 3, hasSent: true }, false],
    ['a row with four crashes that had sent something', { crashes: 4, hasSent: true }, true],
  ])('decides about %s', (_, history, expected) => {
    expect(isPoison(history)).toBe(expected);
  });
});
