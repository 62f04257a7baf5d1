import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sendId } from '../../../../src/bot/send/message-id.ts';
import { anyText } from '../../any-text.ts';

test('an id never changes from one version to the next', () => {
  expect(sendId('a|b|c', 1)).toBe('3EB03F2F935E2463D9C285');
});

test('each key and place gives an id in the form of WhatsApp Web, the same each time', () => {
  fc.assert(
    fc.property(anyText(), fc.oneof(fc.nat(), fc.string()), (key, place) => {
      expect(sendId(key, place)).toMatch(/^3EB0[0-9A-F]{18}$/);
      expect(sendId(key, place)).toBe(sendId(key, place));
    }),
  );
});

test('different keys or places give different ids', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.string(), fc.nat(), (key, place, otherKey, otherPlace) => {
      fc.pre(key !== otherKey || place !== otherPlace);
      fc.pre(!key.includes('\n') && !otherKey.includes('\n'));
      expect(sendId(key, place)).not.toBe(sendId(otherKey, otherPlace));
    }),
  );
});
