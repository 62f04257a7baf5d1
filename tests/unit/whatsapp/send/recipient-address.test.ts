import { expect, test } from 'vitest';
import { chooseAddress } from '../../../../src/whatsapp/send/recipient-address.ts';

const PN = '15550200001@s.whatsapp.net';
const LID = '200000000000001@lid';

test.each([
  [
    'answers a message at the address that it came from',
    { lid: LID, isReply: true, isNumberRefused: false },
    PN,
  ],
  [
    'answers at the LID after the number was refused',
    { lid: LID, isReply: true, isNumberRefused: true },
    LID,
  ],
  ['sends what answers nothing to the LID', { lid: LID, isReply: false, isNumberRefused: false }, LID],
  ['sends to the number if no LID is known', { lid: undefined, isReply: false, isNumberRefused: true }, PN],
])('%s', (_, facts, expected) => {
  expect(chooseAddress(PN, facts)).toBe(expected);
});
