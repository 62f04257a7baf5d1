import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WASocket } from '@whiskeysockets/baileys';

/** So many writes are handed to the system at once at most: the peer should not wait while this process works. */
const MOST_JOINED = 16;

/**
 * Hands what is written to the network within one turn of the event loop to the system in one call. A receipt, an
 * answer and an acknowledgement are a call each otherwise, and those calls are a tenth of the work for a command.
 * Must be called right after the socket is made, before it is connected.
 */
export function joinWrites({ ws }: WASocket): void {
  ws.on('upgrade', ({ socket }: IncomingMessage) => joinWritesOf(socket));
}

/** For tests. */
export function joinWritesOf(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let joined = 0;
  const flush = (): void => {
    if (joined === 0) return;
    joined = 0;
    socket.uncork();
  };
  socket.write = (...args: unknown[]): boolean => {
    if (joined === 0) {
      socket.cork();
      setImmediate(flush);
    }
    joined += 1;
    const hasRoom = write(...args);
    if (joined >= MOST_JOINED) flush();
    return hasRoom;
  };
}
