import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Acknowledgements } from '../../../../src/whatsapp/send/acknowledgements.ts';

const ack = (id: string | undefined, error?: string) => ({
  tag: 'ack',
  attrs: { class: 'message', ...(id === undefined ? {} : { id }), ...(error ? { error } : {}) },
});

describe('Acknowledgements', () => {
  it('a send resolves at the ack of its message', async () => {
    const acks = new Acknowledgements();
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('B'));
    acks.received(ack('A'));
    await expect(expected).resolves.toBeUndefined();
  });

  it('a send rejects with the code of an ack that has an error', async () => {
    const acks = new Acknowledgements();
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('A', '479'));
    await expect(expected).rejects.toMatchObject({ name: 'AckError', code: 479 });
  });

  it('a send rejects with SEND_TIMEOUT if its signal aborts or has aborted', async () => {
    const acks = new Acknowledgements();
    const controller = new AbortController();
    const expected = acks.expect('A', controller.signal);
    controller.abort();
    await expect(expected).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    await expect(acks.expect('B', controller.signal)).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
  });

  it('every waiting send rejects with NOT_CONNECTED when the connection closes', async () => {
    const acks = new Acknowledgements();
    const { signal } = new AbortController();
    const all = Promise.allSettled([acks.expect('A', signal), acks.expect('B', signal)]);
    acks.abandon();
    for (const outcome of await all) expect(outcome).toMatchObject({ reason: { code: 'NOT_CONNECTED' } });
  });

  it('if a try times out, a later try under the same id goes on', async () => {
    const acks = new Acknowledgements();
    const late = new AbortController();
    const tries = [acks.expect('A', late.signal), acks.expect('A', new AbortController().signal)] as const;
    late.abort();
    await expect(tries[0]).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    await expect(acks.expect('A', late.signal)).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    acks.received(ack('A'));
    await expect(tries[1]).resolves.toBeUndefined();
  });

  it('a send leaves no listener on its signal', async () => {
    const acks = new Acknowledgements();
    const { signal } = new AbortController();
    const expected = acks.expect('A', signal);
    acks.received(ack('A'));
    await expected;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('an unexpected ack, a repeated one and one without an id are ignored', async () => {
    const acks = new Acknowledgements();
    acks.received(ack('A'));
    acks.received(ack('A'));
    acks.received(ack(undefined, '500'));
    const expected = acks.expect('A', new AbortController().signal);
    acks.received(ack('A'));
    await expect(expected).resolves.toBeUndefined();
  });
});
