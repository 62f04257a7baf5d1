import { connect, type Socket } from 'node:net';
import type { Flood } from './flood.ts';
import { repeat } from './repeat.ts';

const CONNECTIONS = 150;

/** How a caller keeps a connection busy: what it sends at once, and then again and again. */
interface Caller {
  readonly first: string;
  readonly again?: string;
}

const HOST = 'Host: localhost\r\n';
const JSON_BODY = `POST /messages HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;

const HALF: Caller = { first: `POST /messages HTTP/1.1\r\n${HOST}Content-Length: 100\r\n` };
const SLOW: readonly Caller[] = [
  { first: '' },
  { first: `GET /readyz HTTP/1.1\r\n${HOST}X-Slow: `, again: 'x' },
  { first: `${JSON_BODY}Content-Length: 10000\r\n\r\n{`, again: ' ' },
  { first: `${JSON_BODY}Transfer-Encoding: chunked\r\n\r\n`, again: '1\r\n \r\n' },
  { first: `GET /events HTTP/1.1\r\n${HOST}\r\n` },
  { first: `GET /healthz HTTP/1.1\r\n${HOST}\r\n`, again: `GET /healthz HTTP/1.1\r\n${HOST}\r\n`.repeat(20) },
];

export const HTTP_FLOODS = {
  http: {
    what: `${CONNECTIONS} HTTP requests that are sent by halves`,
    isHeavy: false,
    run: ({ httpPort, alsoReceived }, signal) => call(httpPort, [HALF], alsoReceived, signal),
  },
  'http-slow': {
    what: `${CONNECTIONS} HTTP callers that are slow, silent, do not read, or ask without a pause`,
    isHeavy: false,
    run: ({ httpPort, alsoReceived }, signal) => call(httpPort, SLOW, alsoReceived, signal),
  },
} as const satisfies Readonly<Record<string, Flood>>;

/** Keeps `CONNECTIONS` connections open, with callers of each kind in turn, until the signal aborts. */
async function call(
  port: number,
  callers: readonly Caller[],
  note: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = new Map<Socket, Caller>();
  let turn = 0;
  const write = (socket: Socket, text: string): void => {
    note(text.length);
    if (text !== '' && socket.writable) socket.write(text);
  };
  const again = setInterval(() => {
    for (const [socket, caller] of open) write(socket, caller.again ?? '');
  }, 500);
  await repeat(20, signal, async () => {
    const caller = callers[turn++ % callers.length];
    if (open.size >= CONNECTIONS || caller === undefined) return;
    const socket = connect(port, '127.0.0.1');
    open.set(socket, caller);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    write(socket, caller.first);
  });
  clearInterval(again);
  for (const socket of open.keys()) socket.destroy();
}
