import { expect, test } from 'vitest';
import { isRefusal, Refusal } from '../../../src/bot/refusal.ts';
import { AskTimeout } from '../../../src/bot/replay/conversation-errors.ts';

test('a refusal of another copy of the class is a refusal, and any other error is not', () => {
  class OtherCopy extends Error {
    override readonly name = 'Refusal';
  }
  expect(isRefusal(new Refusal('Send an image.'))).toBe(true);
  expect(isRefusal(new OtherCopy('Send an image.'))).toBe(true);
  expect(isRefusal(new Error('Refusal'))).toBe(false);
  expect(isRefusal({ name: 'Refusal', message: 'Send an image.' })).toBe(false);
});

test('AskTimeout is a refusal with a name of its own', () => {
  const timeout = new AskTimeout();
  expect(timeout.name).toBe('AskTimeout');
  expect(isRefusal(timeout)).toBe(true);
  // From another copy of this module.
  expect(isRefusal(Object.assign(new Error('late'), { name: 'AskTimeout' }))).toBe(true);
});
