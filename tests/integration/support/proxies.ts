import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { makeTlsIdentity, type TlsIdentity } from '../../../src/simulator/wire/tls-certificate.ts';

export interface ProxyOptions {
  readonly kind: 'http' | 'https' | 'socks5';
  /** Whoever does not present these is refused. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** For `https`. Default one of its own. */
  readonly identity?: TlsIdentity;
}

/** A real proxy on loopback. */
export class TestProxy {
  /** What it was asked to connect to: `host:port`. */
  readonly targets: string[] = [];
  /** Refuses with this: an HTTP status, for socks5 a reply code. */
  refusal: number | undefined;
  /** Takes connections and never answers. */
  isSilent = false;
  /** Ends a tunnel when so much has come down it. */
  cutAfterBytes: number | undefined;
  /** Where it connects to in place of the target that it was told. */
  redirect: ((target: string) => string) | undefined;
  readonly #options: ProxyOptions;
  readonly #sockets = new Set<Duplex>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** As it goes into PROXY_URL. */
  get url(): string {
    const { kind, credentials } = this.#options;
    const url = new URL(`${kind}://127.0.0.1:${this.#port}`);
    if (!credentials) return url.href;
    const { user, password } = credentials;
    return `${kind}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${url.host}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** On the same port as before, if it ran before. */
  async start(): Promise<void> {
    const server = this.#makeServer();
    // A TLS server has one for the bytes and one for the text.
    server.on('connection', (socket: Socket) => this.#track(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut();
    await closed;
  }

  /** Ends every connection through it, with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #makeServer(): Server {
    if (this.#options.kind === 'socks5') return createServer((socket) => void this.#socks(socket));
    const { key, cert } = this.#options.identity ?? makeTlsIdentity();
    const server = this.#options.kind === 'http' ? http.createServer() : https.createServer({ key, cert });
    server.on('connect', (request, socket, head) => this.#connect(request, socket, head));
    return server;
  }

  #connect({ url = '', headers }: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#track(socket);
    this.targets.push(url);
    if (this.isSilent) {
      // Only who reads learns that the other side has gone.
      socket.resume().once('end', () => socket.end());
      return;
    }
    const { credentials } = this.#options;
    const wanted =
      credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
    const status = headers['proxy-authorization'] === wanted ? this.refusal : 407;
    if (status !== undefined) {
      // The client must not take these words of a proxy for a logout.
      socket.end(`HTTP/1.1 ${status} Logged out\r\ncontent-length: 10\r\n\r\nlogged out`);
      return;
    }
    const upstream = this.#dial(url);
    upstream.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      join(socket, upstream);
    });
    upstream.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  }

  /** RFC 1928 and RFC 1929. */
  async #socks(socket: Socket): Promise<void> {
    try {
      const read = reader(socket);
      const [, methods = 0] = await read(2);
      const offered = await read(methods);
      if (this.isSilent) return;
      const { credentials } = this.#options;
      const method = credentials ? 2 : 0;
      if (!offered.includes(method)) {
        socket.end(Buffer.from([5, 0xff]));
        return;
      }
      socket.write(Buffer.from([5, method]));
      if (credentials && !(await this.#login(read, socket))) return;
      const [, , , type] = await read(4);
      const host = type === 1 ? (await read(4)).join('.') : String(await read((await read(1))[0] ?? 0));
      const target = `${host}:${(await read(2)).readUInt16BE()}`;
      this.targets.push(target);
      const answer = (reply: number): Buffer => Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
      if (this.refusal !== undefined) {
        socket.end(answer(this.refusal));
        return;
      }
      const upstream = this.#dial(target);
      upstream.once('connect', () => {
        socket.write(answer(0));
        join(socket, upstream);
      });
      upstream.once('error', () => socket.end(answer(5)));
    } catch {
      socket.destroy();
    }
  }

  async #login(read: (size: number) => Promise<Buffer>, socket: Socket): Promise<boolean> {
    await read(1);
    const user = String(await read((await read(1))[0] ?? 0));
    const password = String(await read((await read(1))[0] ?? 0));
    const { credentials } = this.#options;
    const isRight = user === credentials?.user && password === credentials.password;
    socket.write(Buffer.from([1, isRight ? 0 : 1]));
    if (!isRight) socket.end();
    return isRight;
  }

  #dial(target: string): Socket {
    const { hostname, port } = new URL(`tcp://${this.redirect?.(target) ?? target}`);
    const upstream = connect(Number(port), hostname);
    this.#track(upstream);
    upstream.on('data', () => {
      if (upstream.bytesRead > (this.cutAfterBytes ?? Number.POSITIVE_INFINITY)) upstream.destroy();
    });
    return upstream;
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** One end of a tunnel takes the other with it. */
function join(one: Duplex, other: Duplex): void {
  one.pipe(other).pipe(one);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
}

/** Reads exactly so many bytes; rejects at the end of the stream. */
function reader(socket: Socket): (size: number) => Promise<Buffer> {
  return async (size) => {
    for (;;) {
      if (size === 0) return Buffer.alloc(0);
      const chunk: Buffer | null = socket.read(size);
      if (chunk) {
        if (chunk.length < size) throw new Error('the client hung up');
        return chunk;
      }
      if (socket.readableEnded) throw new Error('the client hung up');
      await once(socket, 'readable');
    }
  };
}
