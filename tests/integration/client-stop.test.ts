import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { WhatsAppClient } from '../../src/whatsapp/whatsapp-client.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

/** Stops, and says how long that took. */
async function stopping(client: WhatsAppClient): Promise<number> {
  const beganAtMs = performance.now();
  await within(client.stop(), 'the stop', 3_000);
  return performance.now() - beganAtMs;
}

/** If a stop waits for what never ends, it lasts 15 seconds or more. */
const MOST_MS = 5_000;

describe('stop()', () => {
  it('stop() before start() makes start() end at once, without a connection', async () => {
    rig = new Rig();
    const client = await rig.prepare();
    await client.stop();
    expect(await within(client.start(), 'the end')).toEqual({ kind: 'asked' });
    expect(rig.wa.counters.connections).toBe(0);
    expect(client.state).toEqual({ kind: 'stopped', reason: { kind: 'asked' }, sinceMs: expect.any(Number) });
  });

  it('stop() ends a client that has only just started', async () => {
    rig = new Rig();
    const client = await rig.start();
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    expect(await rig.running).toEqual({ kind: 'asked' });
  });

  it('stop() ends a client that connects to a server that does not answer', async () => {
    rig = new Rig();
    rig.wa.faults.hangUpgrades(true);
    const client = await rig.start();
    await rig.state('connecting');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    expect(await rig.running).toEqual({ kind: 'asked' });
  });

  it('stop() ends a client that shows a QR code', async () => {
    rig = new Rig();
    const client = await rig.start();
    await rig.state('pairing');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
  });

  it('stop() ends a client that asks for a pairing code', async () => {
    rig = new Rig();
    const asked = new Promise<void>((resolve) => rig.wa.events.once('qr-requested', () => resolve()));
    const client = await rig.start({ pairingNumber: '15550100000' });
    await within(asked, 'the registration');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
  });

  it('stop() ends an open connection, and the device stays linked', async () => {
    rig = new Rig();
    const client = await rig.pair();
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    expect(client.state).toEqual({ kind: 'stopped', reason: { kind: 'asked' }, sinceMs: expect.any(Number) });
    expect(rig.wa.devices).toHaveLength(1);
    expect(rig.lines.at(-1)).toBe('info Connection status: close');
  });

  it('stop() ends an open connection whose peer does not answer any more', async () => {
    rig = new Rig();
    const client = await rig.pair();
    rig.wa.faults.halfOpen(true);
    expect(await stopping(client)).toBeLessThan(MOST_MS);
  });

  it('stop() ends a client that waits to reconnect', async () => {
    rig = new Rig();
    const client = await rig.pair();
    rig.wa.faults.dropConnection();
    await rig.nextWait();
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    expect(rig.wa.counters.logins).toBe(1);
  });

  it('stop() ends a wait in real time, and its timer is gone', async () => {
    rig = new Rig({ hasRealWaits: true });
    // The wait that is built in, and one that is longer than any timer of Node.
    rig.wa.faults.failNextLogins(402, 1, { expire: '9999999' });
    const client = await rig.start();
    await rig.line('Reconnecting in 9999999 seconds...');
    // A timer that overflows goes off after a millisecond.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(client.state.kind).toBe('waiting');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    expect(rig.wa.counters.connections).toBe(1);
  });

  it('stop() ends a client whose version look-up does not end', async () => {
    rig = new Rig();
    let asked: () => void = () => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    rig.wa.faults.failNextLogins(405);
    const client = await rig.start({
      lookUpVersion: () => {
        asked();
        return new Promise(() => {});
      },
    });
    await within(wasAsked, 'the look-up');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
  });

  it('stop() ends a client in which a send waits for an answer inside the key queue', async () => {
    rig = new Rig({ answers: false });
    const client = await rig.pair();
    rig.wa.faults.queries.ignore('usync');
    const sent = new Promise((resolve) =>
      rig.wa.events.on('stanza-in', ({ tag, attrs }) => {
        if (tag === 'iq' && attrs.xmlns === 'usync') resolve(attrs.id);
      }),
    );
    const message = {
      id: '3EB0AAAAAAAAAAAAAAAA',
      chat: rig.wa.addPerson().jid,
      content: { kind: 'text', text: 'hi' },
    } as const;
    const sending = client.send(message, new AbortController().signal);
    const outcome = expect(sending).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await within(sent, 'the query of the send');
    expect(await stopping(client)).toBeLessThan(MOST_MS);
    await outcome;
  });

  it('many calls of stop() of the client are one stop', async () => {
    rig = new Rig();
    const client = await rig.pairAnew();
    await within(Promise.all([client.stop(), client.stop(), client.stop()]), 'the stops', 3_000);
    await within(client.stop(), 'one more stop', 1_000);
    expect(rig.lines.filter((line) => line === 'info Connection status: close')).toHaveLength(2);
  });

  it('stop() may be called from inside an event of the client', async () => {
    rig = new Rig();
    const client = await rig.prepare();
    let stopped: Promise<void> | undefined;
    client.on('changed', ({ kind }) => {
      if (kind === 'pairing') stopped = client.stop();
    });
    expect(await within(client.start(), 'the end', 3_000)).toEqual({ kind: 'asked' });
    await stopped;
  });

  it('stop() of the client rejects every wait for a connection', async () => {
    rig = new Rig();
    const client = await rig.start();
    const waiting = expect(client.whenOpen(new AbortController().signal)).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });
    await client.stop();
    await waiting;
    await expect(client.whenOpen(new AbortController().signal)).rejects.toThrow();
  });
});

describe('start()', () => {
  it('two calls of start() of the client give the same promise and make one connection', async () => {
    rig = new Rig();
    const client = await rig.start();
    expect(client.start()).toBe(rig.running);
    await rig.state('pairing');
    expect(client.start()).toBe(rig.running);
    expect(rig.wa.counters.connections).toBe(1);
  });

  it('start() of a client that was stopped gives the reason of its end', async () => {
    rig = new Rig();
    const client = await rig.start();
    await client.stop();
    expect(await client.start()).toEqual({ kind: 'asked' });
  });
});

describe('without a connection', () => {
  it('without a connection every send and query rejects with NOT_CONNECTED', async () => {
    rig = new Rig();
    const client = await rig.prepare();
    const code = { code: 'NOT_CONNECTED' };
    const { signal } = new AbortController();
    const message = { id: 'A', chat: '1@s.whatsapp.net', content: { kind: 'text', text: 'x' } } as const;
    await expect(client.send(message, signal)).rejects.toMatchObject(code);
    await expect(client.showTyping('1@s.whatsapp.net', true)).rejects.toMatchObject(code);
    await expect(client.group('1@g.us')).rejects.toMatchObject(code);
    await rig.start().catch(() => {});
  });

  it('whenOpen waits for a connection, and leaves no listener behind', async () => {
    rig = new Rig();
    const client = await rig.start();
    const listeners = client.listenerCount('opened');
    const { signal } = new AbortController();
    const waiting = client.whenOpen(signal);
    await rig.wa.phone.scan((await rig.state('pairing')).qr ?? '');
    await within(waiting, 'a connection');
    await client.whenOpen(signal);
    expect(client.listenerCount('opened')).toBe(listeners);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('whenOpen rejects when its signal aborts', async () => {
    rig = new Rig();
    const client = await rig.start();
    const listeners = client.listenerCount('opened');
    const controller = new AbortController();
    const waiting = expect(client.whenOpen(controller.signal)).rejects.toBeDefined();
    controller.abort();
    await waiting;
    expect(client.listenerCount('opened')).toBe(listeners);
  });
});
