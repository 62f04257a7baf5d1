import { expect, test } from 'vitest';
import { countSilent, isMute, type SendEnd } from '../../../../src/whatsapp/send/unacknowledged-sends.ts';

const [yes, none, cut] = ['answered', 'unanswered', 'given-up'] as const;

test.each<[sentence: string, ends: SendEnd[], expected: boolean]>([
  ['no send at all is no silence', [], false],
  ['two unanswered sends may be chance', [none, none], false],
  ['three in a row are not', [none, none, none], true],
  ['an answer in between begins the count anew', [none, none, yes, none, none], false],
  ['three after an answer count', [yes, none, none, none], true],
  ['sends that were cut short say nothing', [cut, cut, cut], false],
  ['nor do they break the row', [none, none, cut, none], true],
])('%s', (_sentence, ends, expected) => {
  expect(isMute(ends.reduce(countSilent, 0))).toBe(expected);
});
