import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readinessOf } from '../../../src/http/status/readiness.ts';
import { toView } from '../../../src/http/status/status-view.ts';
import { ask, FakeStatus, RawCaller, startServer, stopAll, within } from './fakes.ts';

afterEach(stopAll);

describe('routes', () => {
  test.each([
    ['/', 'GET', 200, /^text\/html/],
    ['/healthz', 'GET', 200, /^application\/json/],
    ['/readyz', 'GET', 200, /^application\/json/],
    ['/metrics', 'GET', 200, /^text\/plain/],
    ['/', 'HEAD', 200, /^text\/html/],
    ['/metrics', 'HEAD', 200, /^text\/plain/],
    ['/events', 'HEAD', 200, /^text\/event-stream/],
    ['/healthz?probe=1', 'GET', 200, /^application\/json/],
    ['//healthz', 'GET', 200, /^application\/json/],
    ['/nothing', 'GET', 404, /^application\/json/],
    ['/login', 'POST', 404, /^application\/json/],
    ['/../package.json', 'GET', 404, /^application\/json/],
    ['/..%2fpackage.json', 'GET', 404, /^application\/json/],
    ['/%2e%2e/%2e%2e/etc/passwd', 'GET', 404, /^application\/json/],
    ['/HEALTHZ', 'GET', 404, /^application\/json/],
    ['http://example.com:x/', 'GET', 400, /^application\/json/],
    ['/', 'POST', 405, /^application\/json/],
    ['/healthz', 'DELETE', 405, /^application\/json/],
    ['/messages', 'GET', 405, /^application\/json/],
    ['/messages', 'OPTIONS', 405, /^application\/json/],
  ])('the server answers %s by %s with %i', async (path, method, status, type) => {
    const { port } = await startServer();
    const reply = await ask(port, path, { method });
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toMatch(type);
    if (method === 'HEAD') expect(reply.body).toBe('');
    if (status === 405) expect(reply.headers.allow).toBe(path === '/messages' ? 'POST' : 'GET, HEAD');
  });

  test('/healthz tells whether the process answers, /readyz whether it is connected', async () => {
    const { port, status } = await startServer();
    expect(JSON.parse((await ask(port, '/readyz')).body)).toEqual({ ready: true });
    status.change({ situation: { kind: 'waiting', untilMs: status.now.nowMs + 5_000 } });
    const notReady = await ask(port, '/readyz');
    expect(notReady.status).toBe(503);
    expect(JSON.parse(notReady.body)).toEqual(readinessOf(status.now));
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  test('every answer carries the headers that keep other sites out, and the page allows itself only', async () => {
    const { port } = await startServer();
    for (const path of ['/', '/healthz', '/nothing', '/metrics']) {
      const { headers } = await ask(port, path);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-powered-by']).toBeUndefined();
    }
    const page = await ask(port, '/');
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/script-src 'sha256-[^']+';/);
    expect(policy).not.toContain('unsafe');
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test('a handler that throws gives 500, and only the log has the error', async () => {
    const { port, status, lines } = await startServer();
    status.snapshot = () => {
      throw new Error('inside knowledge');
    };
    const reply = await ask(port, '/readyz');
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain('inside');
    expect(lines.map(({ level }) => level)).toEqual(['error']);
  });
});

describe('starting and stopping', () => {
  test('a second start() and a second stop() of the HTTP server get the promise of the first', async () => {
    const { server, port } = await startServer();
    await server.start();
    expect(server.stop()).toBe(server.stop());
    await server.stop();
    expect(server.url).toBeUndefined();
    await expect(ask(port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  test('stop() of the HTTP server without start() resolves', async () => {
    const { server } = await startServer();
    await server.stop();
    await expect(server.stop()).resolves.toBeUndefined();
  });

  test('stop() of the HTTP server ends open pages, idle connections and half requests at once, and leaves no listener', async () => {
    const { server, port, status } = await startServer();
    const page = new RawCaller(port).write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const half = new RawCaller(port).write('POST /messages HTTP/1.1\r\nHost: loc');
    const idle = new RawCaller(port).write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await page.until(/event: status/);
    await idle.until(/"ok":true/);
    await within(server.stop(), 'stop', 5_000);
    await within(Promise.all([page.closed, half.closed, idle.closed]), 'the close of each connection', 5_000);
    expect(status.changeListeners.size + status.timingListeners.size).toBe(0);
  });

  test('the last event of an open page says why the bot stopped', async () => {
    const { server, port, status } = await startServer({}, { closePagesWithinMs: 60_000 });
    const page = new RawCaller(port).write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await page.until(/"tone":"good"/);
    status.now = { ...status.now, situation: { kind: 'stopped', why: 'logged-out' } };
    await within(server.stop(), 'stop', 1_000);
    await page.closed;
    expect(page.text).toContain(JSON.stringify(toView(status.now).headline));
  });

  test('a port in use is one error with its reason, and stop() resolves after it', async () => {
    const { port } = await startServer();
    const second = startServer({ port });
    await expect(second).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
      message: expect.stringContaining(`port ${port} on 127.0.0.1`),
      cause: { code: 'EADDRINUSE' },
    });
  });

  test('an address of another machine is named', async () => {
    await expect(startServer({ host: '192.0.2.1', token: 'long-enough' })).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
      message: expect.stringContaining('192.0.2.1'),
      cause: { code: 'EADDRNOTAVAIL' },
    });
  });

  test('the server does not listen on an open address without a token', async () => {
    await expect(startServer({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'HTTP_UNAVAILABLE' });
  });

  test('the url of the server can be opened in a browser', async () => {
    const everywhere = await startServer({ host: '0.0.0.0', token: 'long-enough' });
    expect(everywhere.server.url).toBe(`http://localhost:${everywhere.port}`);
    expect(new FakeStatus().snapshot().version).toBe('1.2.3');
  });
});

describe('slow callers', () => {
  const forHeaders = { headersMs: 300, requestMs: 60_000, checkEveryMs: 50 };
  const forRequests = { headersMs: 300, requestMs: 500, checkEveryMs: 50 };

  test.each([
    ['says nothing', '', forHeaders],
    ['does not finish its headers', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', forHeaders],
    [
      'does not finish its body',
      'POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{',
      forRequests,
    ],
  ])('a caller who %s is disconnected', async (_, text, limits) => {
    const { port } = await startServer({}, limits);
    const caller = new RawCaller(port).write(text);
    await within(caller.closed, 'the cut', 3_000);
    expect(caller.text).not.toContain('200 OK');
  });

  test('a caller who sends a byte now and then is disconnected', async () => {
    const { port } = await startServer({}, forHeaders);
    const caller = new RawCaller(port).write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => caller.write('X-Drip: 1\r\n'), 50);
    await within(caller.closed, 'the cut', 3_000).finally(() => clearInterval(drip));
  });

  test('a caller who sends nothing is disconnected', async () => {
    const { port } = await startServer({}, { idleMs: 100 });
    const caller = new RawCaller(port).write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await caller.until(/event: status/);
    await within(caller.closed, 'the cut', 3_000);
  });

  test.each([
    ['say nothing', ''],
    ['do not finish their headers', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
    [
      'do not finish their body',
      'POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{',
    ],
    ['were answered and stay', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('300 callers who %s do not keep a health check out', async (_, text) => {
    const { port } = await startServer({}, { keepAliveMs: 60_000 });
    for (let round = 0; round < 3; round += 1) {
      const callers = Array.from({ length: 100 }, () => new RawCaller(port).write(text));
      await Promise.all(callers.slice(0, 10).map(({ opened }) => opened));
      expect((await ask(port, '/healthz')).status).toBe(200);
    }
  });

  test('callers who stay silent from one address leave room for other addresses', async () => {
    const { port } = await startServer({}, { maxConnections: 10, maxPerAddress: 3 });
    const silent = Array.from({ length: 6 }, () => new RawCaller(port));
    await within(Promise.all(silent.slice(0, 3).map(({ closed }) => closed)), 'the close of the oldest');
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  test('connections beyond the limit are closed', async () => {
    const { port } = await startServer({}, { maxConnections: 3 });
    const taken = [1, 2, 3].map(() =>
      new RawCaller(port).write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    for (const caller of taken) await caller.until(/event: status/);
    const extra = new RawCaller(port).write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await within(extra.closed, 'the refusal');
    expect(extra.text).toBe('');
  });

  test('headers that are too large are refused', async () => {
    const { port } = await startServer();
    const caller = new RawCaller(port).write(
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    await within(caller.closed, 'the refusal');
    expect(caller.text).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('bytes that are not HTTP are refused', async () => {
    const { port } = await startServer();
    const caller = new RawCaller(port).write('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n');
    await within(caller.closed, 'the refusal');
    expect(caller.text).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('a port of another program is named as such', async () => {
  const other: Server = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startServer({ port })).rejects.toMatchObject({
    cause: { code: 'EADDRINUSE' },
    message: expect.stringMatching(/HTTP_PORT/),
  });
  await new Promise((resolve) => other.close(resolve));
});
