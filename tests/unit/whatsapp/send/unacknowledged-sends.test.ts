import { expect, test } from 'vitest';
import { countSilent, isMute, type SendEnd } from '../../../../src/whatsapp/send/unacknowledged-sends.ts';

const [yes, none, cut] = ['answered', 'unanswered', 'given-up'] as const;

test.each<[sentence: string, ends: SendEnd[], expected: boolean]>([
  ['a client that sends nothing is not mute', [], false],
  ['two unanswered sends in a row do not make a client mute', [none, none], false],
  ['three unanswered sends in a row make a client mute', [none, none, none], true],
  ['an answer between unanswered sends begins the count anew', [none, none, yes, none, none], false],
  ['three unanswered sends after an answer make a client mute', [yes, none, none, none], true],
  ['sends that were cut short do not make a client mute', [cut, cut, cut], false],
  ['a send that was cut short does not break a row of unanswered sends', [none, none, cut, none], true],
])('%s', (_sentence, ends, expected) => {
  expect(isMute(ends.reduce(countSilent, 0))).toBe(expected);
});
