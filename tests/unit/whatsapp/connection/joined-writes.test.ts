import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { joinWritesOf } from '../../../../src/whatsapp/connection/joined-writes.ts';

/** A socket that notes what the system gets, a list for each call. */
function recordingSocket() {
  const calls: string[][] = [];
  const socket = new Writable({
    write: (chunk, _encoding, done) => {
      calls.push([String(chunk)]);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  joinWritesOf(socket as unknown as Socket);
  return { socket, calls };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => String(from + n));

describe('writes to the network', () => {
  it('are one call if they come in one turn of the event loop, in their order', async () => {
    const { socket, calls } = recordingSocket();
    for (const text of ['a', 'b']) socket.write(text);
    await Promise.resolve();
    socket.write('c');
    expect(calls).toEqual([]);
    await nextTurn();
    expect(calls).toEqual([['a', 'b', 'c']]);
    socket.write('d');
    await nextTurn();
    expect(calls).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('do not wait for the end of the turn if there are many', async () => {
    const { socket, calls } = recordingSocket();
    for (const text of numbers(0, 20)) socket.write(text);
    expect(calls).toEqual([numbers(0, 16)]);
    await nextTurn();
    expect(calls).toEqual([numbers(0, 16), numbers(16, 20)]);
  });

  it('are told of their end, also if the socket is destroyed before', async () => {
    const { socket } = recordingSocket();
    socket.on('error', () => {});
    const written = new Promise((resolve) => socket.write('a', resolve));
    expect(await written).toBeFalsy();
    const failed = new Promise((resolve) => socket.write('b', resolve));
    socket.destroy();
    expect(await failed).toBeInstanceOf(Error);
    await nextTurn();
  });

  it('join with those that their writer has joined already', async () => {
    const { socket, calls } = recordingSocket();
    for (const text of ['a', 'b']) {
      socket.cork();
      socket.write(`${text} head`);
      socket.write(`${text} body`);
      socket.uncork();
    }
    await nextTurn();
    expect(calls).toEqual([['a head', 'a body', 'b head', 'b body']]);
  });
});
