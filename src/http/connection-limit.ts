import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { noteLimitReached } from '../core/limits/limit-counts.ts';

export interface ConnectionLimits {
  /** Connections at a time, all callers together. */
  readonly maxConnections: number;
  /** Connections at a time from one address. */
  readonly maxPerAddress: number;
}

interface Caller {
  readonly address: string;
  /** The request that is being answered; undefined while the caller has sent no whole request. */
  request: IncomingMessage | undefined;
}

/**
 * Callers who send no request must not shut others out. At a limit the new connection is accepted and the oldest one
 * without a whole request is closed: a health check sends its request at once and is never that one. If all others
 * are being answered, the new one is closed.
 */
export class ConnectionLimit {
  readonly #limits: ConnectionLimits;
  /** In the order in which they came. */
  readonly #callers = new Map<Socket, Caller>();

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.on('connection', (socket) => this.#admit(socket));
    server.on('request', (request, response) => this.#requested(request, response));
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    this.#callers.set(socket, { address, request: undefined });
    socket.once('close', () => this.#callers.delete(socket));
    const { maxConnections, maxPerAddress } = this.#limits;
    const ofAddress = [...this.#callers].filter(([, caller]) => caller.address === address);
    if (ofAddress.length > maxPerAddress) this.#makeRoom('http:address', ofAddress, socket);
    else if (this.#callers.size > maxConnections)
      this.#makeRoom('http:connections', [...this.#callers], socket);
  }

  #makeRoom(
    limit: 'http:address' | 'http:connections',
    among: ReadonlyArray<readonly [Socket, Caller]>,
    newest: Socket,
  ): void {
    const silent = among.find(([socket, { request }]) => socket !== newest && !request?.complete);
    const [dropped] = silent ?? [newest];
    this.#callers.delete(dropped);
    dropped.destroy();
    noteLimitReached(limit);
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const caller = this.#callers.get(request.socket);
    if (caller === undefined) return;
    caller.request = request;
    response.once('close', () => {
      if (caller.request === request) caller.request = undefined;
    });
  }
}
