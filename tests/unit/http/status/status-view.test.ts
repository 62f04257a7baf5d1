import jsQR from 'jsqr';
import { describe, expect, test } from 'vitest';
import { MESSAGE_OUTCOMES } from '../../../../src/core/messages/message-records.ts';
import { formatUptime } from '../../../../src/http/status/format-numbers.ts';
import { STYLE } from '../../../../src/http/status/page/style.ts';
import { drawQr } from '../../../../src/http/status/qr-svg.ts';
import { readinessOf } from '../../../../src/http/status/readiness.ts';
import {
  SITUATIONS,
  type Situation,
  type StatusSnapshot,
} from '../../../../src/http/status/status-source.ts';
import { toView } from '../../../../src/http/status/status-view.ts';
import { NOW_MS, SNAPSHOT } from '../fakes.ts';

const headline = (facts: Partial<StatusSnapshot>) => toView({ ...SNAPSHOT, ...facts }).headline;
const DAY_MS = 86_400_000;

const EXAMPLES: Readonly<Record<Situation['kind'], Situation>> = {
  starting: { kind: 'starting' },
  connecting: { kind: 'connecting' },
  pairing: { kind: 'pairing', qr: '2@qr', code: undefined, expiresAtMs: NOW_MS + 60_000 },
  open: { kind: 'open' },
  waiting: { kind: 'waiting', untilMs: NOW_MS + 5_000 },
  stopped: { kind: 'stopped', why: 'asked' },
};

describe('the headline', () => {
  test.each(SITUATIONS)('the headline has its own words for %s, and only open is ready', (kind) => {
    const snapshot = { ...SNAPSHOT, situation: EXAMPLES[kind] };
    const { title, sentence, tone } = toView(snapshot).headline;
    expect(title).toMatch(/^[A-Z]/);
    expect(sentence).toMatch(/[.:]$/);
    expect(tone === 'good').toBe(kind === 'open');
    expect(readinessOf(snapshot).ready).toBe(kind === 'open');
  });

  test('the headline says why the bot waits, and until when', () => {
    expect(headline({ situation: EXAMPLES.waiting })).toMatchObject({
      title: 'Reconnecting',
      sentence: 'The connection was lost.',
      next: { what: 'Next try', atMs: NOW_MS + 5_000 },
    });
  });

  test('after a logout the headline says what to run, with the real path', () => {
    const situation = { kind: 'stopped', why: 'logged-out' } as const;
    expect(headline({ situation, sessionPath: './sessions/bot1' })).toMatchObject({
      tone: 'bad',
      title: 'Logged out',
      command: 'rm -rf ./sessions/bot1',
    });
  });

  test('after a takeover the headline says what to do', () => {
    expect(headline({ situation: { kind: 'stopped', why: 'replaced' } }).sentence).toContain('SESSION_PATH');
  });

  test.each([
    ['!', 'Send it !help '],
    ['bot', 'Send it bot help '],
  ])('with the prefix %s the headline says what to try first', (commandPrefix, words) => {
    expect(headline({ answered: 0, commandPrefix }).sentence).toContain(words);
    expect(headline({ answered: 1, commandPrefix }).sentence).not.toContain('help');
  });
});

describe('a bot that nobody links', () => {
  const HOUR_MS = 3_600_000;
  test.each([
    ['pairing', HOUR_MS - 1, false],
    ['pairing', HOUR_MS, true],
    ['waiting', 5 * HOUR_MS, true],
    ['connecting', 5 * HOUR_MS, true],
    ['stopped', 5 * HOUR_MS, false],
  ] as const)(
    'whether /readyz says that the bot waits for a scan, while it is %s, %i ms after the first code: %s',
    (kind, ageMs, isSaid) => {
      const unlinkedSinceMs = NOW_MS - ageMs;
      const readiness = readinessOf({ ...SNAPSHOT, situation: EXAMPLES[kind], unlinkedSinceMs });
      expect(readiness.ready).toBe(false);
      expect(JSON.stringify(readiness).includes('waits for a scan')).toBe(isSaid);
    },
  );
});

describe('the last messages', () => {
  test.each(MESSAGE_OUTCOMES)(
    'the list of messages says in words that a message had the outcome %s',
    (outcome) => {
      const message = {
        id: 'ABC',
        chatKind: 'direct',
        sender: '+1555•••123',
        outcome,
        detail: 'ping',
        atMs: NOW_MS,
        waitedMs: 1,
        handlerMs: 2,
        tookMs: 1_234,
      };
      const [line] = toView({ ...SNAPSHOT, lastMessages: [message] }).messages;
      expect(line).toMatchObject({ atMs: NOW_MS, from: '+1555•••123, direct' });
      expect(line?.outcome).toMatch(/^[a-z].* ping/);
      expect(line?.outcome.endsWith('(1,234 ms)')).toBe(outcome === 'ran' || outcome === 'failed');
    },
  );
});

describe('warnings', () => {
  const warnings = (facts: Partial<StatusSnapshot>) => toView({ ...SNAPSHOT, ...facts }).warnings;

  test.each([
    ['is not known', 0, undefined],
    ['was seen just now', 0, NOW_MS],
    ['was seen ten days ago', 0, NOW_MS - 10 * DAY_MS],
    ['was seen more than ten days ago', 1, NOW_MS - 10 * DAY_MS - 1],
  ])('for a phone that %s the page shows %i warnings', (_, count, phoneSeenAtMs) => {
    expect(warnings({ phoneSeenAtMs })).toHaveLength(count);
  });

  test.each([
    [4, 0],
    [5, 1],
  ])('after %i refused logins in a row the page shows %i warnings', (refusedLogins, count) => {
    expect(warnings({ refusedLogins })).toHaveLength(count);
  });

  test('beside the reason why the bot stopped the page shows no warnings', () => {
    const situation = { kind: 'stopped', why: 'logged-out' } as const;
    expect(warnings({ refusedLogins: 9, phoneSeenAtMs: 0, situation })).toEqual([]);
  });
});

describe('facts', () => {
  const facts = (changes: Partial<StatusSnapshot> = {}) =>
    Object.fromEntries(
      toView({ ...SNAPSHOT, ...changes })
        .sections.flatMap((section) => section.facts)
        .map((fact) => [fact.label, fact]),
    );

  test('the restart that belongs to every pairing does not count as a reconnect', () => {
    expect(facts().Reconnects?.text).toBe('4');
  });

  test('the page shows every fact', () => {
    expect(facts()).toMatchObject({
      'Linked to': { text: 'Bot, +1555•••000' },
      'Last close': { text: 'The connection was lost.', atMs: NOW_MS - 70_000 },
      Received: { text: '1,234' },
      'Commands answered': { text: '1,000' },
      'Commands failed': { text: '2' },
      Ignored: { text: '7' },
      Sent: { text: '1,005' },
      'Last sent': { atMs: NOW_MS - 5_000 },
      'Waiting to be sent': { text: '6' },
      Running: { text: '3 days' },
      Memory: { text: '126 MB' },
      Journal: { text: '44.6 KB' },
      Version: { text: '1.2.3' },
    });
  });

  test('after a fresh start every fact on the page is a word', () => {
    const fresh = facts({ account: undefined, lastClose: undefined, lastSentAtMs: undefined });
    expect([fresh['Linked to'], fresh['Last close'], fresh['Last sent']].map((fact) => fact?.text)).toEqual([
      'nobody yet',
      'none',
      'none yet',
    ]);
  });
});

test.each([
  [0, 'less than a minute'],
  [60_000, '1 minute'],
  [119 * 60_000, '119 minutes'],
  [120 * 60_000, '2 hours'],
  [47 * 3_600_000, '47 hours'],
  [48 * 3_600_000, '2 days'],
  [400 * DAY_MS, '400 days'],
])('formatUptime writes %i ms as %s', (ms, words) => {
  expect(formatUptime(ms)).toBe(words);
});

describe('pairing', () => {
  test('the page shows a pairing code in two halves', () => {
    const situation = { kind: 'pairing', qr: undefined, code: 'ABCD1234', expiresAtMs: undefined } as const;
    expect(toView({ ...SNAPSHOT, situation }).pairing).toEqual({ kind: 'code', code: 'ABCD-1234' });
  });

  test('a pairing code and a QR code have their end and the sentence for the person', () => {
    const situation = {
      kind: 'pairing',
      qr: '2@x',
      code: undefined,
      expiresAtMs: 9,
      hint: 'Scan.',
    } as const;
    expect(toView({ ...SNAPSHOT, situation }).pairing).toMatchObject({
      kind: 'qr',
      expiresAtMs: 9,
      hint: 'Scan.',
    });
    const withCode = { ...situation, code: 'ABCDEFGH' };
    expect(toView({ ...SNAPSHOT, situation: withCode }).pairing).toMatchObject({
      kind: 'code',
      expiresAtMs: 9,
    });
  });

  test('the page has no QR code and no pairing code in any other situation', () => {
    for (const kind of SITUATIONS) {
      const { pairing } = toView({ ...SNAPSHOT, situation: EXAMPLES[kind] });
      expect(pairing !== undefined).toBe(kind === 'pairing');
    }
  });

  test.each(['2@short', `2@${'aB3+/='.repeat(40)}`])(
    'a scan of the drawing gives the text that was drawn: %s',
    (text) => {
      expect(readPath(drawQr(text))).toBe(text);
    },
  );
});

/** Fills the path's bars into pixels, four a module, with the margin around them. */
function readPath({ size, path }: { size: number; path: string }): string | undefined {
  const scale = 4;
  const width = (size + 8) * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, column, row, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let y = 0; y < scale; y += 1) {
      const start = ((Number(row) + 4) * scale + y) * width + (Number(column) + 4) * scale;
      for (let x = 0; x < Number(length) * scale; x += 1)
        pixels.fill(0, (start + x) * 4, (start + x) * 4 + 3);
    }
  }
  return jsQR.default(pixels, width, width)?.data;
}

describe('contrast', () => {
  const schemes = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, body = '']) =>
    Object.fromEntries(
      [...body.matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name, color]) => [name, color]),
    ),
  );

  test.each(['ink', 'soft', 'good', 'busy', 'ask', 'wait', 'bad'])(
    'the contrast of the color %s is enough to read, light and dark',
    (name) => {
      expect(schemes).toHaveLength(2);
      for (const scheme of schemes) {
        for (const ground of ['ground', 'card']) {
          expect(contrast(scheme[name] ?? '', scheme[ground] ?? '')).toBeGreaterThanOrEqual(4.5);
        }
      }
    },
  );
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
