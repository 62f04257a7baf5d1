import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../../src/http/http-limits.ts';
import { EventStream } from '../../../../src/http/status/event-stream.ts';
import { ask, FakeStatus, RawCaller, type Rig, startServer, stopAll, within } from '../fakes.ts';

afterEach(stopAll);

const listen = ({ port }: Rig): RawCaller =>
  new RawCaller(port).write('GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');

describe('EventStream', () => {
  test('the event stream sends the present state first, and each change at once', async () => {
    const rig = await startServer();
    const page = listen(rig);
    await page.until(/event: status\ndata: \{"nowMs":1700000000000,"view":.*"tone":"good"/);
    expect(page.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(page.text.toLowerCase()).toContain('content-type: text/event-stream');
    expect(page.text).toContain('retry: 2000\n\n');
    rig.status.change({ situation: { kind: 'waiting', untilMs: 1_700_000_005_000 } });
    await page.until(/"tone":"wait"/, 500);
  });

  test('the event stream sends a QR code while there is one to scan, and no part of it afterwards', async () => {
    const rig = await startServer();
    const page = listen(rig);
    const qr = '2@a-qr-code-that-links-a-device';
    rig.status.change({
      situation: { kind: 'pairing', qr, code: undefined, expiresAtMs: 1_700_000_060_000 },
      account: undefined,
    });
    await page.until(/"pairing":\{"kind":"qr","qr":\{"size":\d+,"path":"M0 0h7v1h-7z/);
    expect(page.text).not.toContain(qr);
    page.text = '';
    rig.status.change({ situation: { kind: 'open' } });
    await page.until(/"tone":"good"/);
    expect(page.text).not.toMatch(/"pairing"|M0 0h7/);
  });

  test('the event stream sends changed counters, and no event if no counter has changed', async () => {
    const rig = await startServer({}, { lookEveryMs: 20 });
    const page = listen(rig);
    await page.until(/"Received","text":"1,234"/);
    rig.status.now = { ...rig.status.now, received: 1_235 };
    await page.until(/"Received","text":"1,235"/, 1_000);
    const frames = page.text.split('event: status').length;
    rig.status.change({});
    rig.status.now = { ...rig.status.now, nowMs: rig.status.now.nowMs + 1 };
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(page.text.split('event: status').length).toBe(frames);
  });

  test('the event stream sends a beat, so that the page notices a dead connection', async () => {
    const rig = await startServer({}, { beatEveryMs: 20 });
    await listen(rig).until(/(event: beat\ndata:\n\n.*){2}/s, 1_000);
  });

  test('the event stream sends the whole state to a page that connects again', async () => {
    const rig = await startServer();
    const first = listen(rig);
    await first.until(/"tone":"good"/);
    first.socket.destroy();
    rig.status.change({ situation: { kind: 'connecting' } });
    const second = listen(rig);
    await second.until(/"tone":"busy"/);
    expect(second.text).not.toContain('"tone":"good"');
  });

  test('the event stream refuses more pages than allowed, and takes another one when one leaves', async () => {
    const rig = await startServer({}, { maxListeners: 2 });
    const pages = [listen(rig), listen(rig)];
    for (const page of pages) await page.until(/event: status/);
    const refused = await ask(rig.port, '/events');
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('10');
    pages[0]?.socket.destroy();
    await expect
      .poll(async () => {
        const page = listen(rig);
        await page.until(/HTTP\/1\.1 \d+ /);
        return page.text.includes('200 OK');
      })
      .toBe(true);
  });

  test('the event stream tells a page that comes after the stop that the bot is stopping', () => {
    const stream = new EventStream(new FakeStatus(), DEFAULT_LIMITS);
    stream.stop();
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    expect(() => stream.open(response)).toThrow(
      expect.objectContaining({
        status: 503,
        headers: { 'Retry-After': '10' },
      }),
    );
  });

  test('the event stream runs no timer while no page is open', async () => {
    const rig = await startServer();
    const page = listen(rig);
    await page.until(/event: status/);
    expect(rig.status.changeListeners.size).toBe(1);
    page.socket.destroy();
    await expect.poll(() => rig.status.changeListeners.size).toBe(0);
  });

  test('the event stream disconnects a page that does not read', async () => {
    const rig = await startServer({}, { maxUnreadBytes: 32 * 1024 });
    const page = listen(rig);
    await page.until(/event: status/);
    page.socket.pause();
    const flood = setInterval(() => {
      for (let index = 0; index < 200; index += 1)
        rig.status.change({ received: rig.status.now.received + 1 });
    }, 5);
    const left = expect.poll(() => rig.status.changeListeners.size, { timeout: 10_000 }).toBe(0);
    await within(left, 'the cut', 12_000).finally(() => clearInterval(flood));
  });
});
