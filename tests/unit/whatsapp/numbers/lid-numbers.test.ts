import { expect, test } from 'vitest';
import type { Session } from '../../../../src/session/session-store.ts';
import { numberOfLid } from '../../../../src/whatsapp/numbers/lid-numbers.ts';

const sessionWith = (mapping: Readonly<Record<string, string>>): Session =>
  ({
    get: (_: string, ids: readonly string[]) =>
      Object.fromEntries(ids.flatMap((id) => (mapping[id] === undefined ? [] : [[id, mapping[id]]]))),
  }) as unknown as Session;

test.each([
  [
    'of a person whose two addresses are known',
    { '7001_reverse': '15551230001', '15551230001': '7001' },
    '15551230001',
  ],
  ['of a person whose way back alone is known', { '7001_reverse': '15551230001' }, '15551230001'],
  [
    'of nobody whose number went to another account',
    { '7001_reverse': '15551230001', '15551230001': '7002' },
    undefined,
  ],
  ['of nobody who is not known', {}, undefined],
])('numberOfLid tells the number behind a LID %s', (_, mapping, expected) => {
  expect(numberOfLid(sessionWith(mapping as Record<string, string>), '7001@lid')).toBe(expected);
});
