import { expect, expectTypeOf, test } from 'vitest';
import {
  type ArgSpec,
  type ArgsOf,
  choice,
  duration,
  integer,
  optional,
  parseArgs,
  parts,
  person,
  rest,
  usageOf,
  word,
} from '../../../src/bot/args.ts';

const MENTIONS = { mentions: ['15551230002@s.whatsapp.net', '7002@lid'] };

test.each<[sentence: string, spec: ArgSpec, text: string, values: object | undefined]>([
  ['nothing asked, nothing given', {}, '', {}],
  ['nothing asked, something given anyway', {}, 'please', {}],
  ['a word', { who: word() }, 'ann', { who: 'ann' }],
  ['a word too many', { who: word() }, 'ann ben', undefined],
  ['a word missing', { who: word() }, '  ', undefined],
  [
    'a duration and the rest',
    { in: duration(), text: rest() },
    '20m buy  milk\nand tea',
    { in: 1_200_000, text: 'buy  milk\nand tea' },
  ],
  [
    'a duration as people say it',
    { in: duration(), text: rest() },
    'me in 2 hours tea',
    { in: 7_200_000, text: 'tea' },
  ],
  ['a duration beyond a year', { in: duration() }, '400 days', undefined],
  ['a duration of no time', { in: duration() }, '0s', undefined],
  ['a number', { n: integer(1, 6) }, '6', { n: 6 }],
  ['a number out of bounds', { n: integer(1, 6) }, '7', undefined],
  ['no number', { n: integer() }, '1e3', undefined],
  ['a number that would lose digits', { n: integer() }, '99999999999999999', undefined],
  ['a choice in capitals', { on: choice('on', 'off') }, 'OFF', { on: 'off' }],
  ['no such choice', { on: choice('on', 'off') }, 'of', undefined],
  [
    'a person under a number',
    { who: person() },
    '@15551230002',
    { who: { jid: '15551230002@s.whatsapp.net' } },
  ],
  ['a person under a LID', { who: person() }, '@7002', { who: { jid: '7002@lid' } }],
  ['a person who was not mentioned', { who: person() }, '@1', undefined],
  [
    'an optional that is missing',
    { who: word(), n: optional(integer()) },
    'ann',
    { who: 'ann', n: undefined },
  ],
  ['an optional that is there', { who: word(), n: optional(integer()) }, 'ann 3', { who: 'ann', n: 3 }],
  ['an optional that is wrong', { n: optional(integer()) }, 'x', undefined],
  ['parts', { poll: parts(3, 4) }, 'Lunch? | pizza |  | soup', { poll: ['Lunch?', 'pizza', 'soup'] }],
  ['too few parts', { poll: parts(3, 4) }, 'Lunch? | pizza', undefined],
  ['too many parts', { poll: parts(1, 2) }, 'a|b|c|d|e|f', undefined],
  ['a name that objects have anyway', { constructor: word() }, 'x', { constructor: 'x' }],
])('parseArgs reads %s as $3', (_sentence, spec, text, values) => {
  const parsed = parseArgs(spec, text, MENTIONS);
  expect('values' in parsed ? { ...parsed.values } : undefined).toEqual(values);
});

const MARKS = [
  ...'\u2060\u200e\u200f\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e\u061c\ufe0f\u200b\ufeff',
];

test.each(MARKS.map((mark) => [mark.codePointAt(0)?.toString(16), mark]))(
  'the mark U+%s around and inside an argument changes nothing',
  (_, mark) => {
    const marked = (text: string): string => `${mark}${text.slice(0, 1)}${mark}${text.slice(1)}${mark}`;
    const read = (spec: ArgSpec, text: string): object | undefined => {
      const parsed = parseArgs(spec, text, MENTIONS);
      return 'values' in parsed ? { ...parsed.values } : undefined;
    };
    expect(read({ who: word() }, marked('ann'))).toEqual({ who: 'ann' });
    expect(read({ n: integer(1, 30) }, `${marked('20')} ${mark}`)).toEqual({ n: 20 });
    expect(read({ on: choice('on', 'off') }, marked('off'))).toEqual({ on: 'off' });
    expect(read({ who: person() }, `@${marked('15551230002')}`)).toEqual({
      who: { jid: '15551230002@s.whatsapp.net' },
    });
    expect(read({ in: duration(), text: rest() }, `${marked('20m')} tea ${mark}x`)).toEqual({
      in: 1_200_000,
      text: `tea ${mark}x`,
    });
    expect(read({ text: rest() }, mark)).toBeUndefined();
    expect(read({ who: word(), n: optional(integer()) }, `ann ${mark}`)).toEqual({ who: 'ann' });
    expect(read({ poll: parts(2, 2) }, `a|${mark}|b`)).toEqual({ poll: ['a', 'b'] });
  },
);

const EMOJI = [
  '\u2764\ufe0f',
  '\u{1f469}\u200d\u{1f467}',
  '\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}',
  '2\ufe0f\u20e3',
];

test.each(EMOJI)('the emoji %s stays whole in a word and in a text', (emoji) => {
  const text = `${emoji} \u2067\u05e9\u05dc\u05d5\u05dd\u2069 ${emoji}`;
  const ofText = parseArgs({ in: duration(), sign: word(), text: rest() }, `20m ${emoji} ${text}`, MENTIONS);
  expect(ofText).toEqual({ values: { in: 1_200_000, sign: emoji, text } });
  const persian = '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645';
  expect(parseArgs({ who: word() }, persian, MENTIONS)).toEqual({ values: { who: persian } });
});

test.each<[sentence: string, text: string, mentions: readonly string[], jid: string | undefined]>([
  [
    'a number with punctuation',
    '@15551234567,',
    ['15551234567@s.whatsapp.net', 'x@lid'],
    '15551234567@s.whatsapp.net',
  ],
  [
    'a number with an invisible mark',
    '\u2068@15551234567\u2069',
    ['15551234567@s.whatsapp.net'],
    '15551234567@s.whatsapp.net',
  ],
  ['a number in the text and a LID in the list', '@15551234567', ['7002@lid'], '7002@lid'],
  ['the same person twice in the list', '@15551234567!', ['7002@lid', '7002@lid'], '7002@lid'],
  ['two people of whom none fits', '@15551234567', ['7002@lid', '7003@lid'], undefined],
  ['marks around the number', '@\u206815551234567\u2069', ['7002@lid'], '7002@lid'],
  ['brackets around the mention', '(@15551234567)', ['7002@lid'], '7002@lid'],
  ['quotation marks and an ending', '"@15551234567"s', ['7002@lid'], '7002@lid'],
  ['nobody in the list', '@15551234567', [], undefined],
  ['a word that is no mention', '15551234567', ['7002@lid'], undefined],
])('person() reads %s as $3', (_sentence, text, mentions, jid) => {
  const parsed = parseArgs({ who: person() }, text, { mentions });
  expect('values' in parsed ? parsed.values : undefined).toEqual(
    jid === undefined ? undefined : { who: { jid } },
  );
});

test('person() finds the right one of several people, whether the text and the list have a number or a LID', () => {
  const numbers: Readonly<Record<string, string>> = { '7002@lid': '15550000002', '7003@lid': '15550000003' };
  const personOf = (jid: string): string => numbers[jid] ?? jid.replace('@s.whatsapp.net', '');
  const spec = { one: person(), other: person() };
  const two = (text: string, mentions: readonly string[]) => {
    const parsed = parseArgs(spec, text, { mentions, personOf });
    return 'values' in parsed
      ? Object.values(parsed.values).map((value) => (value as { jid: string }).jid)
      : undefined;
  };
  const lids = ['7003@lid', '7002@lid'];
  expect(two('@15550000002, @15550000003', lids)).toEqual(['7002@lid', '7003@lid']);
  expect(two('@15550000003,@15550000002.', lids)).toEqual(['7003@lid', '7002@lid']);
  const jids = ['15550000003@s.whatsapp.net', '15550000002@s.whatsapp.net'];
  expect(two('@7002 @7003', jids)).toEqual([jids[1], jids[0]]);
  expect(two('@15550000002 @15550000009', lids)).toBeUndefined();
});

test('the usage line comes from the arguments', () => {
  expect(usageOf('!', 'remind', { after: duration(), text: rest() })).toBe('!remind <20m> <text…>');
  expect(usageOf('.', 'roll', { who: person(), n: optional(integer()) })).toBe('.roll <@who> [n]');
  expect(usageOf('!', 'set', { on: choice('on', 'off'), poll: parts(2, 3) })).toBe(
    '!set <on|off> <poll> | …',
  );
});

test('the types of the values follow from the arguments', () => {
  const spec = { after: duration(), on: choice('on', 'off'), note: optional(rest()), who: person() };
  expectTypeOf<ArgsOf<typeof spec>>().toEqualTypeOf<{
    readonly after: number;
    readonly on: 'on' | 'off';
    readonly note: string | undefined;
    readonly who: { readonly jid: string };
  }>();
});

test('a text of only separators is parsed quickly', () => {
  const start = performance.now();
  expect(parseArgs({ poll: parts(2, 12) }, '|'.repeat(65_536), MENTIONS)).toEqual({ problem: '' });
  expect(performance.now() - start).toBeLessThan(2_000);
});
