import { afterEach, describe, expect, test } from 'vitest';
import { HttpToken } from '../../../src/http/access/http-token.ts';
import { isCrossOrigin, isHostAllowed } from '../../../src/http/access/request-origin.ts';
import { ask, HELLO, post, startServer, stopAll } from './fakes.ts';

afterEach(stopAll);

const TOKEN = 'correct-horse-battery-staple';
const FORM = 'application/x-www-form-urlencoded';

describe('without a token', () => {
  test.each([
    ['localhost:8080', true],
    ['LOCALHOST', true],
    ['bot.localhost:8080', true],
    ['127.0.0.1:1', true],
    ['127.8.9.10', true],
    ['[::1]:8080', true],
    ['evil.example:8080', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['evil.example@localhost', false],
    ['localhost/evil.example', false],
    ['0.0.0.0', false],
    ['192.168.1.2', false],
    ['', false],
    [undefined, false],
  ])('whether the host name %j is allowed without a token: %s', (host, isAllowed) => {
    expect(isHostAllowed(host, '127.0.0.1')).toBe(isAllowed);
  });

  test('a site whose name points to this machine is refused', async () => {
    const { port } = await startServer();
    for (const path of ['/', '/events', '/healthz', '/readyz', '/metrics']) {
      const reply = await ask(port, path, { headers: { Host: `rebound.example:${port}` } });
      expect(reply.status).toBe(403);
      expect(reply.body).toContain('HTTP_TOKEN');
    }
  });
});

describe('pages of other origins', () => {
  const host = 'localhost:8080';
  test.each([
    ['a script that names no origin', {}, false],
    ['our own page', { origin: 'http://localhost:8080', fetchSite: 'same-origin' }, false],
    ['an address that was typed', { fetchSite: 'none' }, false],
    ['our own page behind TLS', { origin: 'https://localhost:8080' }, false],
    ['another port of this machine', { origin: 'http://localhost:3000', fetchSite: 'same-site' }, true],
    ['another site', { origin: 'https://evil.example', fetchSite: 'cross-site' }, true],
    ['another site in an old browser', { origin: 'https://evil.example' }, true],
    ['a page without an origin', { origin: 'null' }, true],
    ['another site by a link', { fetchSite: 'cross-site' }, true],
  ])('whether the request of %s comes from another origin: $2', (_, facts, isCross) => {
    expect(isCrossOrigin({ host, origin: undefined, fetchSite: undefined, ...facts })).toBe(isCross);
  });

  test('pages of other origins may neither send nor listen', async () => {
    const { port, bot } = await startServer();
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    expect((await post(port, HELLO, headers)).status).toBe(403);
    expect((await ask(port, '/events', { headers })).status).toBe(403);
    expect(bot.sent).toEqual([]);
    const form = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: JSON.stringify(HELLO) };
    expect((await ask(port, '/messages', form)).status).toBe(415);
  });
});

describe('with a token', () => {
  const start = () => startServer({ token: TOKEN });
  const bearer = { Authorization: `Bearer ${TOKEN}` };

  test('without the token only /healthz answers, under any host name', async () => {
    const { port } = await start();
    const open = await ask(port, '/healthz', { headers: { Host: 'bot.example.org' } });
    expect(open.status).toBe(200);
    expect(JSON.parse(open.body)).toEqual({ ok: true });
    for (const path of ['/events', '/readyz', '/metrics']) {
      const reply = await ask(port, path);
      expect(reply.status).toBe(401);
      expect(reply.headers['www-authenticate']).toContain('Bearer');
    }
    const page = await ask(port, '/');
    expect(page.status).toBe(401);
    expect(page.body).toContain('type="password"');
    expect(page.body).not.toContain('/events');
  });

  test('a request with the token in its header gets every page', async () => {
    const { port, bot } = await start();
    for (const path of ['/', '/readyz', '/metrics']) {
      expect((await ask(port, path, { headers: { ...bearer, Host: 'bot.example.org' } })).status).toBe(200);
    }
    expect((await post(port, HELLO, bearer)).status).toBe(200);
    expect(bot.sent).toHaveLength(1);
  });

  test.each([
    ['none', {}],
    ['wrong', { Authorization: 'Bearer wrong' }],
    ['longer than the right one', { Authorization: `Bearer ${TOKEN}x` }],
    ['the beginning of the right one', { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['in another scheme', { Authorization: `Basic ${TOKEN}` }],
    ['empty', { Authorization: 'Bearer ' }],
  ])('a request with the token "%s" gets no page and no data', async (_, headers) => {
    const { port, bot } = await start();
    expect((await post(port, HELLO, headers)).status).toBe(401);
    expect(bot.sent).toEqual([]);
  });

  test('the form trades the token for a cookie that scripts and other sites cannot use', async () => {
    const { port } = await start();
    const body = new URLSearchParams({ token: TOKEN }).toString();
    const login = await ask(port, '/login', { method: 'POST', headers: { 'Content-Type': FORM }, body });
    expect(login.status).toBe(303);
    expect(login.headers.location).toBe('/');
    const [setCookie = ''] = login.headers['set-cookie'] ?? [];
    expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(setCookie).not.toContain(TOKEN);
    const Cookie = `theme=dark; ${setCookie.split(';')[0]}`;
    for (const path of ['/', '/readyz', '/metrics']) {
      expect((await ask(port, path, { headers: { Cookie } })).status).toBe(200);
    }
    expect((await post(port, HELLO, { Cookie })).status).toBe(401);
    expect((await ask(port, '/', { headers: { Cookie: `${Cookie}0` } })).status).toBe(401);
  });

  test('the address with the token gives the cookie too, and redirects to one without the token', async () => {
    const { port } = await start();
    const reply = await ask(port, `/?token=${TOKEN}`, { headers: { 'X-Forwarded-Proto': 'https' } });
    expect(reply.status).toBe(303);
    expect(reply.headers.location).toBe('/');
    expect(reply.headers['set-cookie']?.[0]).toMatch(/; Secure$/);
  });

  test('wrong tokens are refused, and the log has one line about them without the token', async () => {
    const { port, lines } = await start();
    for (const guess of ['guess-1', 'guess-2', '']) {
      const reply = await ask(port, `/?token=${guess}`);
      expect(reply.status).toBe(401);
      expect(reply.body).toContain('id="problem"');
      if (guess !== '') expect(reply.body).not.toContain(guess);
      expect(reply.headers['set-cookie']).toBeUndefined();
    }
    await ask(port, '/metrics', { headers: { Authorization: 'Bearer guess-3' } });
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('guess');
  });

  test('a form of another site does not sign anybody in', async () => {
    const { port } = await start();
    const headers = { 'Content-Type': FORM, Origin: 'https://evil.example' };
    const reply = await ask(port, '/login', { method: 'POST', headers, body: `token=${TOKEN}` });
    expect(reply.status).toBe(403);
  });
});

describe('the token', () => {
  test('two bots on one machine use cookies with different names', () => {
    const [one, other] = [new HttpToken('one'), new HttpToken('other')].map(
      (token) => token.cookie(false).split('=')[0],
    );
    expect(one).not.toBe(other);
  });

  test('the cookie is valid after a restart, and not after the token has changed', () => {
    const [cookie = ''] = new HttpToken('one').cookie(false).split(';');
    expect(new HttpToken('one').isInCookies(cookie)).toBe(true);
    expect(new HttpToken('other').isInCookies(cookie)).toBe(false);
    expect(new HttpToken('one').isInCookies(undefined)).toBe(false);
  });
});
