import { expect, test } from 'vitest';
import { isRefusal, Refusal } from '../../../src/bot/refusal.ts';

test('a refusal of another copy of the class is a refusal, and any other error is not', () => {
  class OtherCopy extends Error {
    override readonly name = 'Refusal';
  }
  expect(isRefusal(new Refusal('Send an image.'))).toBe(true);
  expect(isRefusal(new OtherCopy('Send an image.'))).toBe(true);
  expect(isRefusal(new Error('Refusal'))).toBe(false);
  expect(isRefusal({ name: 'Refusal', message: 'Send an image.' })).toBe(false);
});
