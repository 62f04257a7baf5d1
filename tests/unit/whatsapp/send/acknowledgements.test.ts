import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Acks } from '../../../../src/whatsapp/send/acknowledgements.ts';

const ack = (id: string | undefined, error?: string) => ({
  tag: 'ack',
  attrs: { class: 'message', ...(id === undefined ? {} : { id }), ...(error ? { error } : {}) },
});

describe('Acks', () => {
  it('resolves at the ack of the message', async () => {
    const acks = new Acks();
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('B'));
    acks.received(ack('A'));
    await expect(expected).resolves.toBeUndefined();
  });

  it('rejects with the code of an ack that has an error', async () => {
    const acks = new Acks();
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('A', '479'));
    await expect(expected).rejects.toMatchObject({ name: 'AckError', code: 479 });
  });

  it('rejects with SEND_TIMEOUT if the signal aborts or has aborted', async () => {
    const acks = new Acks();
    const controller = new AbortController();
    const expected = acks.expect('A', controller.signal);
    controller.abort();
    await expect(expected).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    await expect(acks.expect('B', controller.signal)).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
  });

  it('rejects all that wait with NOT_CONNECTED when the connection closes', async () => {
    const acks = new Acks();
    const { signal } = new AbortController();
    const all = Promise.allSettled([acks.expect('A', signal), acks.expect('B', signal)]);
    acks.abandon();
    for (const outcome of await all) expect(outcome).toMatchObject({ reason: { code: 'NOT_CONNECTED' } });
  });

  it('does not end the next try when an earlier one under the same id times out', async () => {
    const acks = new Acks();
    const late = new AbortController();
    const tries = [acks.expect('A', late.signal), acks.expect('A', new AbortController().signal)] as const;
    late.abort();
    await expect(tries[0]).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    await expect(acks.expect('A', late.signal)).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    acks.received(ack('A'));
    await expect(tries[1]).resolves.toBeUndefined();
  });

  it('leaves no listener on the signal', async () => {
    const acks = new Acks();
    const { signal } = new AbortController();
    const expected = acks.expect('A', signal);
    acks.received(ack('A'));
    await expected;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('accepts an unexpected ack, a repeated one, and one without an id', async () => {
    const acks = new Acks();
    acks.received(ack('A'));
    acks.received(ack('A'));
    acks.received(ack(undefined, '500'));
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('A'));
    await expect(expected).resolves.toBeUndefined();
  });
});
