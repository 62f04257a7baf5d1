import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNearCommand, parseCommand } from '../../../../src/bot/intake/parse-command.ts';

const ROWS: ReadonlyArray<
  [sentence: string, text: string, prefix: string, name: string | undefined, rest?: string]
> = [
  ['a name alone', '!ping', '!', 'ping', ''],
  ['a name in capitals', '!PING', '!', 'ping', ''],
  ['text after the name', '!say  two words ', '!', 'say', 'two words'],
  ['a line break after the name', '!say\nline one\nline two', '!', 'say', 'line one\nline two'],
  ['white space and invisible marks in front', ' \n\u200e\u200b!ping', '!', 'ping', ''],
  ['a decomposed umlaut is composed', '!u\u0308ber', '!', 'über', ''],
  ['a name in another script', '!пинг', '!', 'пинг', ''],
  ['a prefix of several characters', '>>ping', '>>', 'ping', ''],
  [
    'a prefix of characters that mean something to a regular expression',
    '.*+?^$|(){}[]\\ping',
    '.*+?^$|(){}[]\\',
    'ping',
    '',
  ],
  ['such a prefix matches nothing else', 'aping', '.', undefined],
  ['a prefix that is a word, capitalised by a phone', 'Bot ping', 'bot', 'ping', ''],
  ['a prefix that is a word needs a space after it', 'bottle', 'bot', undefined],
  ['the prefix alone', '!', '!', undefined],
  ['the prefix again and again', '!!!', '!', undefined],
  ['a space after the prefix', '! ping', '!', undefined],
  ['the prefix in the middle', 'well !ping', '!', undefined],
  ['a name that goes on in something else', '!ping?', '!', undefined],
  ['a name of 33 characters', `!${'a'.repeat(33)}`, '!', undefined],
  ['a control character in the name', '!pi\u0000ng', '!', undefined],
  ['no text', '', '!', undefined],
  ['a full-width exclamation mark', '！ping a', '!', 'ping', 'a'],
  ['the emoji of an exclamation mark', '❗\ufe0fping', '!', 'ping', ''],
  ['the white emoji of an exclamation mark', '❕ping', '!', 'ping', ''],
  ['a byte order mark in the name alone', '!pi\ufeffng a', '!', 'ping', 'a'],
  ['full-width letters', '！ｐｉｎｇ', '!', 'ping', ''],
  ['the prefix is a full-width mark', '!ping', '！', 'ping', ''],
  ...'\u00ad \u034f \u180e \u2061 \u2064 \u206a \u3164 \u{e0001} \u200b \u200e \u200f \u2060 \u2066 \u2069 \u202a \u202e \u061c \ufe0f \ufe0e \ufeff'
    .split(' ')
    .map((mark): [string, string, string, string, string] => [
      `U+${mark.codePointAt(0)?.toString(16)} before, inside and after`,
      `${mark}!${mark}pi${mark}ng${mark} a${mark}b`,
      '!',
      'ping',
      `a${mark}b`,
    ]),
];

test.each<[boolean, string]>([
  [true, '! ping'],
  [true, '!ping.'],
  [true, '!!ping'],
  [true, '！ ping'],
  [true, '‼️ping'],
  [false, '!'],
  [false, '!!!'],
  [false, 'ping.'],
  [false, ''],
])('isNearCommand is %s for %j', (isNear, text) => {
  expect(isNearCommand(text, '!')).toBe(isNear);
});

test.each(ROWS)('parseCommand finds the command $3: %s', (_sentence, text, prefix, name, rest = '') => {
  expect(parseCommand(text, prefix)).toEqual(name === undefined ? undefined : { name, rest });
});

test('a prefix is compared as text, whatever characters it has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), (prefix) => {
      fc.pre(prefix.trim() === prefix && !/^[\u200b\u200e\u200f]/.test(prefix));
      expect(parseCommand(`${prefix} ping x`, prefix)?.name).toBe(
        /[\p{L}\p{N}]$/u.test(prefix) ? 'ping' : undefined,
      );
      expect(parseCommand('hello', `${prefix}hello-more`)).toBeUndefined();
    }),
  );
});

test('parseCommand cuts a megabyte of text to what WhatsApp takes, in little time', () => {
  const start = performance.now();
  expect(parseCommand(`!say ${'x '.repeat(500_000)}`, '!')?.rest.length).toBeLessThanOrEqual(65_536);
  expect(parseCommand(' '.repeat(1_000_000), '!')).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(3_000);
});
