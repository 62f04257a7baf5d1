import { describe, expect, it } from 'vitest';
import {
  afterCrash,
  type CrashHistory,
  isPoison,
  isSuspect,
  turnMs,
} from '../../../src/core/crash-history.ts';

describe('afterCrash', () => {
  it.each<[string, CrashHistory, boolean, number]>([
    ['a row that may have been the first in its chat', {}, true, 1],
    ['a row that waited behind another one', {}, false, 0],
    ['a row that was started after a crash', { crashes: 1, isStarted: true }, true, 2],
    ['a row that was not started after a crash', { crashes: 1 }, true, 1],
    ['a row that waited at the first crash and was then started', { crashes: 0, isStarted: true }, false, 1],
  ])('afterCrash counts the crashes of %s', (_, history, mayBeFirst, crashes) => {
    expect(afterCrash(history, mayBeFirst)).toEqual({ crashes });
  });
});

describe('afterCrash, for a suspect whose turn was over when another one was begun', () => {
  it.each<[string, CrashHistory, CrashHistory]>([
    ['is no crash of its own', { crashes: 1, isStarted: true, isShared: true }, { crashes: 1, waits: 1 }],
    [
      'adds to those before',
      { crashes: 1, waits: 1, isStarted: true, isShared: true },
      { crashes: 1, waits: 2 },
    ],
    ['says nothing about a row that was not started', { crashes: 1, isShared: true }, { crashes: 1 }],
  ])('a crash after the turn of a suspect %s', (_, history, expected) => {
    expect(afterCrash(history, true)).toEqual(expected);
  });
});

describe('isSuspect', () => {
  it.each<[string, CrashHistory, boolean]>([
    ['a row without a crash', {}, false],
    ['a row that waited behind another one at the crash', { crashes: 0 }, false],
    ['a row that may have run at a crash', { crashes: 1 }, true],
    ['a row that was idle at a crash', { crashes: 0, waits: 1 }, true],
  ])('isSuspect of %s is $2', (_, history, expected) => {
    expect(isSuspect(history)).toBe(expected);
  });
});

describe('turnMs', () => {
  it.each<[string, number, number, number]>([
    ['is short after the first crash', 0, 0, 2_000],
    ['doubles with a crash that may have been another one', 1, 0, 4_000],
    ['is at most a minute', 9, 0, 60_000],
    ['is shorter when many wait', 0, 59, 1_000],
    ['is shared by those that wait', 9, 3, 15_000],
  ])('the turn of a suspect %s', (_, waits, waiting, expected) => {
    expect(turnMs({ waits }, waiting)).toBe(expected);
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
  ])('isPoison of %s is $2', (_, history, expected) => {
    expect(isPoison(history)).toBe(expected);
  });
});
