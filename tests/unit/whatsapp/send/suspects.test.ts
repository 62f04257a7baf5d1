import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';
import { mayBeCausedBySend, SuspectQueue } from '../../../../src/whatsapp/send/suspects.ts';

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
  ])('decides about %s', (_, reason, sinceMs, expected) => {
    expect(mayBeCausedBySend(reason, sinceMs)).toBe(expected);
  });
});

describe('SuspectQueue', () => {
  it('lets one suspect in at a time, in order', async () => {
    const queue = new SuspectQueue();
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
});
