import { expect, test } from 'vitest';
import { decideReminderRetry } from '../../../../src/bot/state/reminder-retry.ts';
import { AppError } from '../../../../src/core/errors.ts';

const DAY_MS = 86_400_000;
const late = new AppError('SEND_TIMEOUT', 'late');
const refused = new AppError('SEND_REFUSED', 'no');

test.each<[string, unknown, number, number, number | undefined]>([
  ['the first try without an acknowledgement is repeated after a minute', late, 1, 0, 60_000],
  ['later tries wait longer', late, 5, 0, 480_000],
  ['no wait is longer than an hour', late, 11, 0, 3_600_000],
  ['the twelfth failure is the last', late, 12, 0, undefined],
  ['failures over a whole day are the last', late, 2, DAY_MS, undefined],
  ['a refusal is final at the first try', refused, 1, 0, undefined],
  ['an unknown error is final', new Error('?'), 1, 0, undefined],
  ['a full disk is waited for', new AppError('STORAGE_FAILED', 'full'), 1, 0, 60_000],
  [
    'a wait that WhatsApp asks for is kept',
    Object.assign(new AppError('SEND_TIMEOUT', ''), { retryAfterMs: 900_000 }),
    1,
    0,
    900_000,
  ],
])('a reminder: %s', (_sentence, error, failures, sinceMs, waitMs) => {
  expect(decideReminderRetry(error, failures, sinceMs)).toMatchObject(
    waitMs === undefined ? { again: false } : { again: true, waitMs },
  );
});
