import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { News } from '../../../src/demo/demo-setup.ts';
import { newsLines, qrLines } from '../../../src/demo/event-reporter.ts';
import { HELP } from '../../../src/demo/prompt-orders.ts';
import { duration, harmless, helpLines, type Look, said, widthOf, wrap } from '../../../src/demo/screen.ts';

const PLAIN: Look = { columns: 80, isColorful: false };
const COLORFUL: Look = { columns: 80, isColorful: true };
const QUESTION = { id: 'q', who: 'Anna', text: '!ping', askedAtMs: 0, isQuiet: false };

const ALL_NEWS: News[] = [
  { kind: 'log', line: '[WARN] The connection closed  failures=1' },
  { kind: 'qr', code: ['█▀▀█', '█▄▄█'] },
  {
    kind: 'wrote',
    to: 'Anna',
    text: 'pong',
    arrival: { kind: 'answer', question: QUESTION, afterMs: 41 },
    attempt: 1,
  },
  {
    kind: 'wrote',
    to: 'Anna',
    text: 'pong',
    arrival: { kind: 'double', question: QUESTION, afterMs: 41 },
    attempt: 2,
  },
  { kind: 'wrote', to: 'Anna', text: 'tea!', arrival: { kind: 'message' }, attempt: 1 },
  { kind: 'unreadable', who: 'Ben' },
  { kind: 'started', pid: 4711 },
  { kind: 'opened', how: 'linked', afterMs: 1 },
  { kind: 'opened', how: 'back', afterMs: 1_234 },
  { kind: 'opened', how: 'reconnected', afterMs: 1 },
  { kind: 'ended', code: 1, signal: null, lastLines: ['[FATAL] A bug: x'] },
  { kind: 'ended', code: 77, signal: null, lastLines: [] },
  { kind: 'told', text: 'The network is back.' },
  { kind: 'problem', text: 'no' },
];

describe('every kind of news', () => {
  test.each([24, 40, 80, 200])('every line of the demo fits into %i columns', (columns) => {
    for (const news of ALL_NEWS) {
      for (const line of newsLines(news, { columns, isColorful: true }))
        expect(widthOf(stripVTControlCharacters(line)), line).toBeLessThanOrEqual(columns);
    }
  });

  test('the demo prints the same text with and without colors, and without them no escape codes', () => {
    for (const news of ALL_NEWS) {
      const plain = newsLines(news, PLAIN);
      expect(plain.join('\n')).not.toContain('\u001b');
      expect(newsLines(news, COLORFUL).map(stripVTControlCharacters)).toEqual(plain);
    }
  });

  test('the demo marks doubled and unreadable messages', () => {
    const loud = ALL_NEWS.filter((news) => newsLines(news, PLAIN).some((line) => line.includes('!!!')));
    expect(loud.map((news) => (news.kind === 'wrote' ? news.arrival.kind : news.kind))).toEqual([
      'double',
      'unreadable',
      'ended',
      'problem',
    ]);
  });

  test('an answer that is only counted is not shown', () => {
    const arrival = { kind: 'answer', question: { ...QUESTION, isQuiet: true }, afterMs: 1 } as const;
    expect(newsLines({ kind: 'wrote', to: 'Anna', text: 'pong', arrival, attempt: 1 }, PLAIN)).toEqual([]);
  });
});

describe('who says what', () => {
  test('a message of one line is shown with its time', () => {
    expect(said('bot', 'Anna', 'pong', '(41 ms)', PLAIN)).toEqual(['  bot → Anna: pong  (41 ms)']);
  });

  test('further lines of a message stand under the first one', () => {
    expect(said('bot', 'Anna', 'one\ntwo', '', PLAIN)).toEqual(['  bot → Anna: one', '              two']);
  });

  test('escape codes in a message do not move the cursor', () => {
    expect(harmless('a\u001b[2J b\u0007c\u202ed\ne')).toBe('a bcd\ne');
  });
});

describe('wrapping', () => {
  test('a long line is broken at spaces', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  });

  test('a broken line loses only spaces, and fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

test('if a QR code does not fit, the demo says so', () => {
  const code = ['█'.repeat(55)];
  expect(qrLines(code, PLAIN)).toEqual([`  ${code[0]}`]);
  expect(qrLines(code, { ...PLAIN, columns: 40 }).join(' ')).toMatch(/needs 55 columns/);
});

test.each([24, 40, 80])('the help fits into %i columns', (columns) => {
  for (const line of helpLines(HELP, { columns, isColorful: false }))
    expect(line.length, line).toBeLessThanOrEqual(columns);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_250, '1.3 s'],
  [125_000, '2 min 5 s'],
])('the demo writes %i ms as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
