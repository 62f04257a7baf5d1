import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { BaileysEventMap, BinaryNode, WASocket } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';

/**
 * Shows each stanza with this tag to `isHandled` before the library sees it; if that returns true, the library never
 * sees it. The library emits a stanza as the event `CB:TAG` of its WebSocket.
 */
export function intercept({ ws }: WASocket, tag: string, isHandled: (node: BinaryNode) => boolean): void {
  const emit = ws.emit.bind(ws);
  const intercepted = `CB:${tag}`;
  ws.emit = (event: string, ...args: unknown[]) =>
    (event === intercepted && isHandled(args[0] as BinaryNode)) || emit(event, ...args);
}

/**
 * Hands messages to Baileys one after the other. Baileys stores the two addresses of an author before it queues the
 * message, so the first message of somebody on a connection was overtaken by the next ones. Must be called before
 * anything else listens to messages.
 */
export function takeInOrder({ ws }: WASocket): void {
  const [baileys] = ws.listeners('CB:message') as Array<(node: BinaryNode) => Promise<void>>;
  if (baileys === undefined) return;
  let last: Promise<void> | undefined;
  ws.off('CB:message', baileys);
  ws.on('CB:message', (node: BinaryNode) => {
    const take = (): Promise<void> => baileys(node);
    const taken = last === undefined ? take() : last.then(take, take);
    last = taken;
    const forget = (): void => {
      if (last === taken) last = undefined;
    };
    taken.then(forget, forget);
  });
}

/**
 * Baileys keeps the last 512 messages, those of strangers whole, in memory for five minutes, each with a timer. It needs
 * them for a phone that asks again, and asks `getMessage` if it has none: the table `sent` answers that.
 */
export function keepNoMessages({ messageRetryManager }: Pick<WASocket, 'messageRetryManager'>): void {
  if (messageRetryManager) messageRetryManager.addRecentMessage = () => {};
}

/**
 * Baileys waits for the peer's close frame before it reports a close: 30 s if the peer is gone. This limits the wait.
 */
export function closeWithin(socket: WASocket, limitMs: number): void {
  const { ws } = socket;
  const close = ws.close.bind(ws);
  ws.close = () => {
    const timer = setTimeout(() => cutOff(socket), limitMs);
    return close().finally(() => clearTimeout(timer));
  };
}

/** Ends the WebSocket at once, without a close frame. */
export function cutOff(socket: WASocket): void {
  webSocketOf(socket)?.terminate();
}

/** Baileys' client keeps its `ws` in a field that its types do not show; `null` once it is closed. */
const webSocketOf = ({ ws }: WASocket): WebSocket | null =>
  (ws as unknown as { socket: WebSocket | null }).socket;

/** Frames that are sent in one turn of the event loop go to the system in one write. */
export function writeTogether(socket: WASocket): void {
  onUpgrade(socket, corkEachTurn);
}

/** How many frames a client sends in the handshake: its hello and its finish. */
const HANDSHAKE_FRAMES = 2;

/**
 * Tells the library at once that a frame of the handshake is sent. It would wait for the write, and lose what WhatsApp
 * answers before it knows of the write: it takes that answer for an encrypted frame only from then on.
 *
 * Source: `finishInit` and `processData` in `lib/Utils/noise-handler.js` of Baileys 7.0.0-rc14.
 */
export function confirmHandshake(socket: WASocket): void {
  onUpgrade(socket, (webSocket) => {
    const send = webSocket.send.bind(webSocket) as (...args: unknown[]) => void;
    let left = HANDSHAKE_FRAMES;
    webSocket.send = (data: unknown, ...rest: unknown[]) => {
      const done = rest.at(-1);
      if (left === 0 || typeof done !== 'function') return send(data, ...rest);
      left -= 1;
      // A write that fails closes the connection.
      send(data, () => {});
      done();
    };
  });
}

/** Hands out the WebSocket and its stream when there is one, before the first frame. */
function onUpgrade(socket: WASocket, use: (webSocket: WebSocket, stream: Writable) => void): void {
  socket.ws.once('upgrade', ({ socket: stream }: IncomingMessage) => {
    const webSocket = webSocketOf(socket);
    if (webSocket) use(webSocket, stream);
  });
}

/** Holds back what `webSocket` writes to `stream` until the turn of the event loop has ended. */
export function corkEachTurn(
  webSocket: Pick<WebSocket, 'send'>,
  stream: Pick<Writable, 'cork' | 'uncork'>,
): void {
  const send = webSocket.send.bind(webSocket) as (...args: unknown[]) => void;
  let isCorked = false;
  webSocket.send = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      setImmediate(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    send(...args);
  };
}

/** Ends what waits for an answer on this socket, and removes the listeners of these events and of the WebSocket. */
export function endListening({ ev, ws }: WASocket, events: ReadonlyArray<keyof BaileysEventMap>): void {
  // Queries without an answer notice a close only by events of the WebSocket, and Baileys has removed its listeners by
  // now. A send that waits for such a query would block the key queue until the time limit of the query.
  ws.emit('error', new Error('the connection is closed'));
  for (const name of events) ev.removeAllListeners(name);
  ws.removeAllListeners();
  // A late error of the closed socket must not become an uncaught exception.
  ws.on('error', () => {});
}
