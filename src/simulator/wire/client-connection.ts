import type { Socket } from 'node:net';
import type { KeyPair } from '@whiskeysockets/baileys';
import type { RawData, WebSocket } from 'ws';
import { decodeStanza, encodeStanza, FrameReader, frame } from './frames.ts';
import { type ClientFinish, NoiseServer } from './noise-server.ts';
import type { Stanza } from './stanza.ts';

export interface ConnectionListener {
  /** The Noise handshake is complete. */
  authenticated(connection: Connection, finish: ClientFinish): void;
  received(connection: Connection, node: Stanza): void;
  sent(connection: Connection, node: Stanza): void;
  /** The client sent something that is not WhatsApp's protocol; its connection is being closed. */
  refused(connection: Connection, error: unknown): void;
  closed(connection: Connection): void;
}

/** One client's connection: WebSocket, frames and Noise. A client that sends anything else is disconnected. */
export class Connection {
  readonly #webSocket: WebSocket;
  readonly #tcp: Socket;
  readonly #listener: ConnectionListener;
  readonly #frames = new FrameReader();
  readonly #noise: NoiseServer;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #held: Stanza[] = [];
  #stage: 'hello' | 'finish' | 'open' | 'closed' = 'hello';
  #isFrozen = false;
  #sendsAtMs = 0;
  /** The delay of each stanza that is sent. */
  delayMs = 0;

  constructor(
    webSocket: WebSocket,
    tcp: Socket,
    key: KeyPair,
    certificate: Uint8Array,
    listener: ConnectionListener,
  ) {
    this.#webSocket = webSocket;
    this.#tcp = tcp;
    this.#listener = listener;
    this.#noise = new NoiseServer(key, certificate);
    webSocket.on('message', (data) => this.#read(data));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => this.#closed());
  }

  get isOpen(): boolean {
    return this.#stage === 'open';
  }

  /** Sends in the order of the calls. Stanzas for a closed connection are dropped. */
  send(node: Stanza): void {
    const waitMs = Math.max(this.delayMs, this.#sendsAtMs - Date.now());
    if (waitMs <= 0) {
      this.#write(node);
      return;
    }
    this.#sendsAtMs = Date.now() + waitMs;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#write(node);
    }, waitMs);
    this.#timers.add(timer);
  }

  /** Sends bytes in place of an encoded stanza. */
  sendPayload(payload: Uint8Array): void {
    if (this.#stage === 'open') this.#webSocket.send(frame(this.#noise.encrypt(payload)));
  }

  /** Closes the WebSocket after all stanzas are sent. */
  close(): void {
    if (this.#isFrozen) return;
    if (this.#timers.size === 0) {
      this.#webSocket.close();
      return;
    }
    const timer = setTimeout(() => this.#webSocket.close(), Math.max(0, this.#sendsAtMs - Date.now()));
    this.#timers.add(timer);
  }

  /** Resets the TCP connection, as a crashed peer does. */
  drop(): void {
    this.#tcp.resetAndDestroy();
  }

  /** A half-open connection: the server reads and sends nothing, and the socket stays open. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    if (isFrozen) {
      this.#tcp.pause();
      return;
    }
    this.#tcp.resume();
    for (const node of this.#held.splice(0)) this.#write(node);
  }

  #write(node: Stanza): void {
    if (this.#stage !== 'open') return;
    if (this.#isFrozen) {
      this.#held.push(node);
      return;
    }
    this.#listener.sent(this, node);
    this.#webSocket.send(frame(this.#noise.encrypt(encodeStanza(node))));
  }

  #read(data: RawData): void {
    try {
      const bytes = Buffer.isBuffer(data)
        ? data
        : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
      for (const payload of this.#frames.push(bytes)) this.#take(payload);
    } catch (error) {
      this.#listener.refused(this, error);
      this.#webSocket.terminate();
    }
  }

  #take(payload: Buffer): void {
    switch (this.#stage) {
      case 'hello':
        this.#webSocket.send(frame(this.#noise.answerHello(payload)));
        this.#stage = 'finish';
        return;
      case 'finish': {
        const finish = this.#noise.readFinish(payload);
        this.#stage = 'open';
        this.#listener.authenticated(this, finish);
        return;
      }
      case 'open':
        this.#listener.received(this, decodeStanza(this.#noise.decrypt(payload)));
        return;
      case 'closed':
    }
  }

  #closed(): void {
    if (this.#stage === 'closed') return;
    this.#stage = 'closed';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#listener.closed(this);
  }
}
