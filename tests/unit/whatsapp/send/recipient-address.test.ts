import { expect, test } from 'vitest';
import { chooseAddress } from '../../../../src/whatsapp/send/recipient-address.ts';

const PN = '15550200001@s.whatsapp.net';
const LID = '200000000000001@lid';

test.each([
  ['answers a message at the address that it came from', { lid: LID, isReply: true, refused: undefined }, PN],
  ['answers at the LID after the number was refused', { lid: LID, isReply: true, refused: 'number' }, LID],
  ['sends what answers nothing to the LID', { lid: LID, isReply: false, refused: undefined }, LID],
  ['sends to the number after the LID was refused', { lid: LID, isReply: false, refused: 'lid' }, PN],
  ['sends to the number if no LID is known', { lid: undefined, isReply: false, refused: 'number' }, PN],
] as const)('the client %s', (_, facts, expected) => {
  expect(chooseAddress(PN, facts)).toBe(expected);
});
