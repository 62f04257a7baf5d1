import { once } from 'node:events';
import { createServer, type Server, request as sendRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { makeTlsIdentity } from '../../src/simulator/wire/tls-certificate.ts';
import { classifyClose } from '../../src/whatsapp/connection/close-reason.ts';
import { type ProxyRoutes, proxyRoutes } from '../../src/whatsapp/proxy.ts';
import { lookUpVersion } from '../../src/whatsapp/wa-version.ts';
import { TestProxy } from './support/proxies.ts';

const PLAIN = 'ws://127.0.0.1/';
const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Says what it was sent. */
const echo = (): Promise<string> =>
  listening(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(`${request.method} ${body}`);
    }),
  );

async function started(options: ConstructorParameters<typeof TestProxy>[0]): Promise<TestProxy> {
  const proxy = new TestProxy(options);
  await proxy.start();
  endings.push(() => proxy.stop());
  return proxy;
}

function routes(url: string, websocketUrl = PLAIN, connectWithinMs?: number): ProxyRoutes {
  const made = proxyRoutes(url, websocketUrl, connectWithinMs);
  endings.push(() => made.dispatcher.destroy());
  return made;
}

/** As Baileys uploads. */
async function postWithAgent(target: string, { agent }: ProxyRoutes): Promise<string> {
  const request = sendRequest(`http://${target}/`, { method: 'POST', agent });
  request.end('upload');
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return body;
}

/** As Baileys downloads: with the `fetch` of the Node that runs it, whichever undici that has inside. */
async function fetchWith({ dispatcher }: ProxyRoutes, url: string): Promise<string> {
  const response = await fetch(url, { dispatcher } as unknown as RequestInit);
  return response.text();
}

/** As Baileys connects. */
async function failureOf({ agent }: ProxyRoutes, url = 'ws://whatsapp.invalid/ws/chat'): Promise<string> {
  const socket = new WebSocket(url, { agent });
  const [error] = await once(socket, 'error');
  return (error as Error).message;
}

const KINDS = [
  { kind: 'http', credentials: undefined },
  { kind: 'http', credentials: { user: 'bot', password: 'p@ss/w%rd: ä' } },
  { kind: 'socks5', credentials: undefined },
  { kind: 'socks5', credentials: { user: 'bot', password: 'p@ss/w%rd: ä' } },
] as const;

describe.each(KINDS)('through $kind, credentials $credentials', ({ kind, credentials }) => {
  const options = credentials ? { kind, credentials } : { kind };

  test('requests of both kinds go through the proxy', async () => {
    const proxy = await started(options);
    const target = await echo();
    const made = routes(proxy.url);
    expect(await postWithAgent(target, made)).toBe('POST upload');
    expect(await fetchWith(made, `http://${target}/`)).toBe('GET ');
    expect(proxy.targets).toEqual([target, target]);
  });

  test('the proxy resolves the names', async () => {
    const proxy = await started(options);
    const target = await echo();
    proxy.redirect = () => target;
    const made = routes(proxy.url);
    expect(await postWithAgent('whatsapp.invalid:8080', made)).toBe('POST upload');
    expect(await fetchWith(made, 'http://whatsapp.invalid/')).toBe('GET ');
    expect(proxy.targets).toEqual(['whatsapp.invalid:8080', 'whatsapp.invalid:80']);
  });

  test('the version look-up goes through the proxy', async () => {
    const proxy = await started(options);
    proxy.refusal = kind === 'http' ? 503 : 2;
    expect(await lookUpVersion(routes(proxy.url).dispatcher)).toBeUndefined();
    expect(proxy.targets).toEqual(['web.whatsapp.com:443']);
  });

  test('a proxy that does not answer is given up in time, and its sockets are closed', async () => {
    const proxy = await started(options);
    proxy.isSilent = true;
    const made = routes(proxy.url, PLAIN, 100);
    const message = await failureOf(made);
    expect(message).toContain(`through the proxy ${new URL(proxy.url).host}: `);
    expect(message).toMatch(/no answer in 0.1 seconds|timed out/);
    await expect(fetchWith(made, 'http://whatsapp.invalid/')).rejects.toThrow('fetch failed');
    await vi.waitFor(() => expect(proxy.openSockets).toBe(0));
  });

  test('a tunnel through the proxy may carry no data for longer than the time limit of its connect', async () => {
    const proxy = await started(options);
    const server = createServer((_, response) => void setTimeout(() => response.end('late'), 400));
    const made = routes(proxy.url, PLAIN, 200);
    expect(await postWithAgent(await listening(server), made)).toBe('late');
  });

  test('the error names a proxy that cannot be reached', async () => {
    const proxy = await started(options);
    const { host } = new URL(proxy.url);
    await proxy.stop();
    const message = await failureOf(routes(proxy.url));
    expect(message).toContain(`through the proxy ${host}: `);
    expect(message).toContain('ECONNREFUSED');
  });

  test('the certificate of the target is checked through the proxy', async () => {
    const proxy = await started(options);
    const target = await listening(createTlsServer(makeTlsIdentity(), (_, response) => response.end('no')));
    const made = routes(proxy.url, 'wss://127.0.0.1/');
    expect(await failureOf(made, `wss://${target}/`)).toContain('self-signed certificate');
    await expect(fetchWith(made, `https://${target}/`)).rejects.toThrow('fetch failed');
    await vi.waitFor(() => expect(proxy.openSockets).toBe(0));
  });
});

describe('what a proxy refuses', () => {
  test.each([
    [400, 'it refused to connect (HTTP 400)'],
    [401, 'it refused to connect (HTTP 401)'],
    [402, 'it refused to connect (HTTP 402)'],
    [403, 'it refused to connect (HTTP 403)'],
    [405, 'it refused to connect (HTTP 405)'],
    [407, 'it wants other credentials (HTTP 407), so check user and password in PROXY_URL'],
    [440, 'it refused to connect (HTTP 440)'],
    [502, 'it refused to connect (HTTP 502)'],
    [515, 'it refused to connect (HTTP 515)'],
  ])(
    'the status %i of a proxy is a failure of the network, and its text is not logged',
    async (status, text) => {
      const proxy = await started({ kind: 'http' });
      proxy.refusal = status;
      const message = await failureOf(routes(proxy.url));
      expect(message).toBe(`through the proxy ${new URL(proxy.url).host}: ${text}`);
      const boom = { output: { statusCode: 500 }, message: `WebSocket Error (${message})` };
      expect(classifyClose(Object.assign(new Error(boom.message), boom)).kind).toBe('network');
      await vi.waitFor(() => expect(proxy.openSockets).toBe(0));
    },
  );

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 99])(
    'the socks5 reply %i of a proxy is a failure of the network',
    async (reply) => {
      const proxy = await started({ kind: 'socks5' });
      proxy.refusal = reply;
      expect(await failureOf(routes(proxy.url))).toContain(`through the proxy ${new URL(proxy.url).host}: `);
      await vi.waitFor(() => expect(proxy.openSockets).toBe(0));
    },
  );

  test.each(['http', 'socks5'] as const)(
    'wrong and missing credentials at %s are a failure of the network',
    async (kind) => {
      const proxy = await started({ kind, credentials: { user: 'bot', password: 'right' } });
      const { host } = new URL(proxy.url);
      for (const login of ['bot:wrong-password@', 'wrong:right@', '']) {
        const message = await failureOf(routes(`${kind}://${login}${host}`));
        expect(message).toContain(`through the proxy ${host}: `);
        expect(message).not.toContain('wrong');
      }
      expect(proxy.targets.filter(() => kind === 'socks5')).toEqual([]);
    },
  );

  test.each([
    ['hangs up at once', ''],
    ['is no proxy', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['is a web server', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'],
  ])('if the server at the address of the proxy %s, that is a failure of the network', async (_, answer) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endings.push(async () => server.close());
    const { port } = server.address() as AddressInfo;
    for (const kind of ['http', 'https', 'socks5']) {
      const failed = await failureOf(routes(`${kind}://127.0.0.1:${port}`, PLAIN, 500));
      // A web server that says 200 to CONNECT has promised a tunnel.
      expect(failed).not.toBe('');
    }
  });
});

test('a password of the proxy that contains a percent sign is used as it is', async () => {
  const proxy = await started({ kind: 'http', credentials: { user: 'bot', password: '50%off' } });
  const target = await echo();
  const { host } = new URL(proxy.url);
  expect(await fetchWith(routes(`http://bot:50%off@${host}`), `http://${target}/`)).toBe('GET ');
});
