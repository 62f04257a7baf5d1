import { describe, expect, test } from 'vitest';
import { decideVerdict } from '../../../../src/bot/run/outcome.ts';
import { decideRetry, MAX_TIMEOUTS } from '../../../../src/bot/send/send-retry.ts';
import { AppError } from '../../../../src/core/errors.ts';

describe('a failed send', () => {
  test.each([
    ['no connection: again, however often', new AppError('NOT_CONNECTED', ''), 1_000, 0, true],
    ['a full disk: again, when there is a connection', new AppError('STORAGE_FAILED', ''), 1_000, 0, true],
    ['no ack: again', new AppError('SEND_TIMEOUT', ''), 1, 1, true],
    ['no ack a few times: not again', new AppError('SEND_TIMEOUT', ''), 9, MAX_TIMEOUTS, false],
    ['refused: not again', new AppError('SEND_REFUSED', ''), 1, 0, false],
    ['a bug: not again', new Error('oops'), 1, 0, false],
  ])('%s', (_, error, failures, timeouts, again) => {
    expect(decideRetry(error, failures, timeouts).again).toBe(again);
  });
});

test('waits as long as WhatsApp asked for before it tries a send again', () => {
  const error = new AppError('SEND_TIMEOUT', '', { retryAfterMs: 60_000 });
  expect(decideRetry(error, 1, 1)).toEqual({ again: true, waitMs: 60_000 });
});

test('sends no apology into a chat for which WhatsApp refused the answer', () => {
  const error = new AppError('SEND_REFUSED', '', { whatsappCode: '479' });
  const verdict = decideVerdict({ kind: 'threw', error });
  expect(verdict).toEqual({ outcome: 'done', notice: undefined, isFault: true });
});

test('apologises if the handler wanted to send something that is not valid', () => {
  const verdict = decideVerdict({ kind: 'threw', error: new AppError('SEND_REFUSED', '') });
  expect(verdict.notice).toBeDefined();
});

describe('a handler that threw', () => {
  test.each([
    [
      'a full disk leaves it unfinished, and nobody is told',
      new AppError('STORAGE_FAILED', ''),
      'unfinished',
    ],
    ['a missing ack leaves it unfinished', new AppError('SEND_TIMEOUT', ''), 'unfinished'],
    ['a bug ends it, and the person is told', new Error('oops'), 'done'],
  ] as const)('%s', (_, error, outcome) => {
    const verdict = decideVerdict({ kind: 'threw', error });
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.notice === undefined).toBe(outcome === 'unfinished');
  });
});
