import { EventEmitter, once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { Agent as Dispatcher } from 'undici';
import { messageOf } from '../core/errors.ts';

/** A proxy agent for each of the three HTTP clients that Baileys uses. */
export interface ProxyRoutes {
  /** For the WebSocket. */
  readonly agent: https.Agent;
  /** For uploads, which Baileys makes with `node:https`. */
  readonly mediaAgent: https.Agent;
  /** For downloads and the version look-up, which Baileys makes with the built-in `fetch`. */
  readonly dispatcher: Dispatcher;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

type Dial = (target: Target) => Promise<Socket>;

/** Through the proxy and, if the target speaks TLS, its handshake included. */
const CONNECT_WITHIN_MS = 15_000;

/**
 * All traffic goes through `proxyUrl` (http, https or socks5). The proxy resolves names; TLS is with the target, so the
 * proxy cannot read it. A connection that cannot be made fails within 15 seconds with an error that names the proxy.
 * The error never looks like an answer of WhatsApp, and has only host and port of the URL.
 */
export function proxyRoutes(
  proxyUrl: string,
  websocketUrl: string,
  connectWithinMs = CONNECT_WITHIN_MS,
): ProxyRoutes {
  const dial = dialThrough(new URL(proxyUrl), connectWithinMs);
  return {
    agent: new TunnelAgent(dial, new URL(websocketUrl).protocol === 'wss:'),
    mediaAgent: new TunnelAgent(dial, true),
    dispatcher: new Dispatcher({
      connect: ({ hostname, port, protocol }, callback) => {
        const isTls = protocol === 'https:';
        const target = { host: unbracketed(hostname), port: Number(port) || (isTls ? 443 : 80), isTls };
        dial(target).then(
          (socket) => callback(null, socket),
          (error: Error) => callback(error, null),
        );
      },
    }),
  };
}

class TunnelAgent extends https.Agent {
  readonly #dial: Dial;
  readonly #isTls: boolean;

  constructor(dial: Dial, isTls: boolean) {
    super({ keepAlive: false });
    this.#dial = dial;
    this.#isTls = isTls;
    // What `node:http` asks an agent that is to serve `http:` URLs.
    if (!isTls) Object.assign(this, { protocol: 'http:', defaultPort: 80 });
  }

  override createConnection(
    { host, port }: https.RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const target = { host: host ?? 'localhost', port: Number(port), isTls: this.#isTls };
    this.#dial(target).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as never),
    );
  }
}

function dialThrough(proxy: URL, connectWithinMs: number): Dial {
  const open = proxy.protocol === 'socks5:' ? socksOpener(proxy, connectWithinMs) : connectOpener(proxy);
  return async (target) => {
    const deadline = AbortSignal.timeout(connectWithinMs);
    try {
      const socket = await open(target, deadline);
      socket.setNoDelay(true);
      return target.isTls ? await secured(socket, target.host, deadline) : socket;
    } catch (error) {
      const cause = deadline.aborted ? `no answer in ${connectWithinMs / 1000} seconds` : messageOf(error);
      throw new Error(`through the proxy ${proxy.host}: ${cause}`);
    }
  };
}

type Opener = (target: Target, deadline: AbortSignal) => Promise<Socket>;

/** RFC 9110, section 9.3.6. */
function connectOpener(proxy: URL): Opener {
  const isTls = proxy.protocol === 'https:';
  const host = unbracketed(proxy.hostname);
  const servername = isIP(host) === 0 ? host : '';
  const port = Number(proxy.port) || (isTls ? 443 : 80);
  const credentials = proxy.username || proxy.password ? credentialsOf(proxy) : undefined;
  const authorization = credentials && Buffer.from(credentials.join(':')).toString('base64');
  return async (target, deadline) => {
    const authority = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
    const request = http.request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(authorization ? { 'proxy-authorization': `Basic ${authorization}` } : {}),
      },
      // Ours, because Node's own hands all of this on to the socket, and NODE_DEBUG prints what a socket is given.
      createConnection: () => (isTls ? tls.connect({ host, port, servername }) : connect(port, host)),
    });
    // An error of a request that was given up is ignored.
    request.on('error', () => {});
    try {
      request.end();
      const [response, socket, head] = (await once(request, 'connect', { signal: deadline })) as Answer;
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) throw new Error(refusalOf(statusCode));
      if (head.length > 0) socket.unshift(head);
      return socket;
    } catch (error) {
      request.destroy();
      throw error;
    }
  };
}

type Answer = [response: http.IncomingMessage, socket: Socket, head: Buffer];

/** Never the proxy's own text: a stranger chose it, and a close is sorted by its text. */
function refusalOf(status: number): string {
  if (status === 407) return 'it wants other credentials (HTTP 407), so check user and password in PROXY_URL';
  return `it refused to connect (HTTP ${status})`;
}

/** RFC 1928 and 1929, the proxy resolving names as an HTTP proxy does: socks5h, as curl has it. */
function socksOpener(proxy: URL, timeout: number): Opener {
  const url = new URL(`socks5h://${proxy.host}`);
  const [username, password] = credentialsOf(proxy).map(encodeURIComponent);
  Object.assign(url, { username, password });
  const agent = new SocksProxyAgent(url, { timeout });
  agent.proxy.host = unbracketed(proxy.hostname);
  return async ({ host, port }) => {
    // The agent reports the socket to a request. There is no request here, so it gets an empty emitter.
    const request = new EventEmitter() as http.ClientRequest;
    const socket = await agent.connect(request, { host, port, secureEndpoint: false });
    // The time limit is for the connecting only: an idle connection must not end by it.
    return socket.setTimeout(0).removeAllListeners('timeout');
  };
}

/** The target's certificate counts, not the proxy's. */
async function secured(socket: Socket, host: string, deadline: AbortSignal): Promise<tls.TLSSocket> {
  // `host` is what the certificate is compared with; an address is no server name (RFC 6066, section 3).
  const servername = isIP(host) === 0 ? host : '';
  const secure = tls.connect({ socket, host, servername, ALPNProtocols: ['http/1.1'] });
  try {
    await once(secure, 'secureConnect', { signal: deadline });
    return secure;
  } catch (error) {
    secure.on('error', () => {});
    secure.destroy();
    throw error;
  }
}

function credentialsOf({ username, password }: URL): [username: string, password: string] {
  return [decoded(username), decoded(password)];
}

/** A password with a `%` of its own, as people paste it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
