import { describe, expect, test } from 'vitest';
import { decideVerdict } from '../../../../src/bot/run/run-result.ts';
import { decideRetry, MAX_TIMEOUTS } from '../../../../src/bot/send/send-retry.ts';
import { AppError } from '../../../../src/core/errors.ts';

describe('decideRetry', () => {
  test.each([
    [
      'tries a send again without a connection, however often',
      new AppError('NOT_CONNECTED', ''),
      1_000,
      0,
      true,
    ],
    [
      'tries a send again after a full disk, when there is a connection',
      new AppError('STORAGE_FAILED', ''),
      1_000,
      0,
      true,
    ],
    ['tries a send again without an ack', new AppError('SEND_TIMEOUT', ''), 1, 1, true],
    [
      'gives a send up after several tries without an ack',
      new AppError('SEND_TIMEOUT', ''),
      9,
      MAX_TIMEOUTS,
      false,
    ],
    ['gives a send up that WhatsApp refused', new AppError('SEND_REFUSED', ''), 1, 0, false],
    ['gives a send up after a bug', new Error('oops'), 1, 0, false],
  ])('the bot %s', (_, error, failures, timeouts, again) => {
    expect(decideRetry(error, failures, timeouts).again).toBe(again);
  });
});

test('the bot waits as long as WhatsApp asked for before it tries a send again', () => {
  const error = new AppError('SEND_TIMEOUT', '', { retryAfterMs: 60_000 });
  expect(decideRetry(error, 1, 1)).toEqual({ again: true, waitMs: 60_000 });
});

test('the bot sends no apology into a chat for which WhatsApp refused the answer', () => {
  const error = new AppError('SEND_REFUSED', '', { whatsappCode: '479' });
  const verdict = decideVerdict({ kind: 'threw', error });
  expect(verdict).toEqual({ result: 'done', notice: undefined, isFault: true });
});

test('the bot apologises if the handler wanted to send something that is not valid', () => {
  const verdict = decideVerdict({ kind: 'threw', error: new AppError('SEND_REFUSED', '') });
  expect(verdict.notice).toBeDefined();
});

describe('a handler that threw because of', () => {
  test.each([
    ['a full disk is unfinished, and nobody is told', new AppError('STORAGE_FAILED', ''), 'unfinished'],
    ['a missing ack is unfinished', new AppError('SEND_TIMEOUT', ''), 'unfinished'],
    ['a bug is done, and the person is told', new Error('oops'), 'done'],
  ] as const)('a message whose handler failed by %s', (_, error, result) => {
    const verdict = decideVerdict({ kind: 'threw', error });
    expect(verdict.result).toBe(result);
    expect(verdict.notice === undefined).toBe(result === 'unfinished');
  });
});
