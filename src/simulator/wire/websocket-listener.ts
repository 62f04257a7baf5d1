import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from '@whiskeysockets/baileys';
import { WebSocketServer } from 'ws';
import type { ConnectionSwitches } from '../server/fault-switches.ts';
import { Connection, type ConnectionListener } from './client-connection.ts';
import type { CertificateAuthority } from './noise-certificate.ts';

/** Listens on the port: accepts WebSocket connections, or refuses them as the switches say. */
export class Listener {
  readonly #key: KeyPair;
  readonly #certificates: CertificateAuthority;
  readonly #switches: ConnectionSwitches;
  readonly #connectionListener: ConnectionListener;
  readonly #connections = new Set<Connection>();
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #server: Server | undefined;
  #port: number;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    port: number,
    key: KeyPair,
    certificates: CertificateAuthority,
    switches: ConnectionSwitches,
    connectionListener: ConnectionListener,
  ) {
    this.#port = port;
    this.#key = key;
    this.#certificates = certificates;
    this.#switches = switches;
    this.#connectionListener = connectionListener;
  }

  /** The port of the last `start`. */
  get port(): number {
    return this.#port;
  }

  each(action: (connection: Connection) => void): void {
    for (const connection of [...this.#connections]) action(connection);
  }

  start(): Promise<void> {
    this.#starting ??= this.#listen();
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  async #listen(): Promise<void> {
    const stopping = this.#stopping;
    this.#stopping = undefined;
    await stopping;
    const server = createServer((_, response) => response.writeHead(404).end());
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // Without a listener a reset by the client would end the process.
      socket.on('error', () => socket.destroy());
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async #close(): Promise<void> {
    const starting = this.#starting;
    this.#starting = undefined;
    await starting?.catch(() => undefined);
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#switches.hangsUpgrades) return;
    const status = this.#switches.refusedUpgrades.shift();
    if (status !== undefined) {
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const listener: ConnectionListener = {
        ...this.#connectionListener,
        closed: (closed) => {
          this.#connections.delete(closed);
          this.#connectionListener.closed(closed);
        },
      };
      const chain = this.#certificates.chain(this.#switches.certificateFlaw);
      this.#connections.add(new Connection(webSocket, socket, this.#key, chain, listener));
    });
  }
}
