import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';
import {
  CloseSuspects,
  isStreamError,
  mayBeCausedBySend,
  restMs,
} from '../../../../src/whatsapp/send/close-suspects.ts';

const MINUTE = 60_000;

const network = (statusCode: number | undefined, message: string): CloseReason => ({
  kind: 'network',
  statusCode,
  message,
});

describe('mayBeCausedBySend', () => {
  it.each<[string, CloseReason, number, boolean]>([
    ['a stream error', network(503, 'Stream Errored (503)'), 30_000, true],
    ['an end of the connection at once', network(428, 'Connection Terminated'), 50, true],
    ['a reset of the connection at once', network(500, 'WebSocket Error (read ECONNRESET)'), 50, true],
    ['an end of the connection much later', network(428, 'Connection Terminated'), 3_000, false],
    [
      'a connection that we gave up',
      network(408, 'WhatsApp no longer answers on this connection'),
      50,
      false,
    ],
    ['a stop of the program', network(undefined, 'closed by the program'), 50, false],
    ['another client', { kind: 'replaced' }, 50, false],
    ['a logout', { kind: 'logged-out', detail: '' }, 50, false],
    ['a full disk', { kind: 'storage-failed', message: '' }, 50, false],
  ])('mayBeCausedBySend of %s, $2 ms after the send, is $3', (_, reason, sinceMs, expected) => {
    expect(mayBeCausedBySend(reason, sinceMs)).toBe(expected);
  });
});

describe('CloseSuspects', () => {
  it('suspected messages are sent one at a time, in order', async () => {
    const queue = new CloseSuspects();
    const said: string[] = [];
    const run = async (name: string): Promise<void> => {
      const leave = await queue.enter();
      said.push(`${name} in`);
      await Promise.resolve();
      said.push(`${name} out`);
      leave();
    };
    await Promise.all([run('a'), run('b'), run('c')]);
    expect(said).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('after three closes no message is sent to a chat for a while, longer after each further close, until an acknowledgement', () => {
    let nowMs = 1_000;
    const suspects = new CloseSuspects({ upMs: () => nowMs });
    suspects.noteClose('a');
    suspects.noteClose('a');
    expect([suspects.isSuspect('a'), suspects.rests('a'), suspects.isSuspect('b')]).toEqual([
      true,
      false,
      false,
    ]);
    suspects.noteClose('a');
    expect([suspects.rests('a'), suspects.rests('b')]).toEqual([true, false]);
    nowMs += 10 * MINUTE;
    expect(suspects.rests('a')).toBe(false);
    suspects.noteClose('a');
    nowMs += 19 * MINUTE;
    expect(suspects.rests('a')).toBe(true);
    suspects.noteAnswer('a');
    expect([suspects.isSuspect('a'), suspects.rests('a')]).toEqual([false, false]);
  });
});

it.each([
  [0, 0],
  [2, 0],
  [3, 10],
  [4, 20],
  [6, 80],
  [50, 1_440],
])('after %i closes no message is sent to the chat for %i minutes', (count, minutes) => {
  expect(restMs(count)).toBe(minutes * MINUTE);
});

it.each([
  ['a stream error', network(500, 'Stream Errored (500)'), true],
  ['a line that broke', network(428, 'Connection Terminated'), false],
  ['a logout', { kind: 'logged-out', detail: 'Stream Errored (conflict)' } as const, false],
])('isStreamError of %s is $2', (_, reason, expected) => {
  expect(isStreamError(reason)).toBe(expected);
});
