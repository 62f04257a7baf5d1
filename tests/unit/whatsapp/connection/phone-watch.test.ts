import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { daysLeft, isFromOwnPhone, PhoneWatch } from '../../../../src/whatsapp/connection/phone-watch.ts';
import { openQuietly, sessionPath } from '../../session/helpers.ts';

const DAY = 24 * 60 * 60 * 1000;
const ME = { id: '4915112345678:7@s.whatsapp.net', lid: '777:7@lid' };

describe('a sign of life of the own phone', () => {
  test.each([
    ['a receipt under the number', { tag: 'receipt', attrs: { from: '4915112345678@s.whatsapp.net' } }, true],
    ['a message under the LID', { tag: 'message', attrs: { from: '777@lid' } }, true],
    [
      'a message of the phone in a group',
      { tag: 'message', attrs: { from: '1@g.us', participant: '777@lid' } },
      true,
    ],
    ['a receipt of another device of the account', { tag: 'receipt', attrs: { from: '777:3@lid' } }, false],
    [
      'a message of somebody else',
      { tag: 'message', attrs: { from: '4917600000000@s.whatsapp.net' } },
      false,
    ],
    ['an answer of the server', { tag: 'iq', attrs: { from: '4915112345678@s.whatsapp.net' } }, false],
  ])('whether %s is a sign of life of the own phone: $2', (_, node, isOwn) => {
    expect(isFromOwnPhone(node, ME)).toBe(isOwn);
  });
});

test.each([
  [undefined, undefined],
  [9.9, undefined],
  [10, 4],
  [13.5, 1],
  [20, 0],
])('after %s days without the phone, the days until WhatsApp unlinks are shown as %s', (days, left) => {
  expect(daysLeft(days === undefined ? undefined : 0, (days ?? 0) * DAY)).toBe(left);
});

test('the last sign of life of the phone is stored, and a warning comes from the tenth day on, after a restart too', async () => {
  const path = sessionPath();
  const session = await openQuietly(path);
  session.creds.me = { ...ME };
  new PhoneWatch(session, { warn: () => {} }, { now: () => 5 * DAY }).saw({
    tag: 'message',
    attrs: { from: '777@lid' },
  });
  await session.close();

  const later = await openQuietly(path);
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  new PhoneWatch(later, log, { now: () => 14 * DAY }).check();
  expect(lines).toEqual([]);
  new PhoneWatch(later, log, { now: () => 15 * DAY }).check();
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '{}').daysLeft).toBe(4);
  await later.close();
});

test('a sign that was noted while the clock was a year ahead does not hide the phone from then on', async () => {
  const session = await openQuietly(sessionPath());
  session.creds.me = { ...ME };
  let nowMs = 365 * DAY;
  const watch = new PhoneWatch(session, { warn: () => {} }, { now: () => nowMs });
  const sign = { tag: 'message', attrs: { from: '777@lid' } };
  watch.saw(sign);
  nowMs = DAY;
  watch.saw(sign);
  expect(watch.seenAtMs).toBe(DAY);
  await session.close();
});
