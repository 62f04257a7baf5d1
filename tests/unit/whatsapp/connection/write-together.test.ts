import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { corkEachTurn } from '../../../../src/whatsapp/connection/library-socket.ts';

/** A WebSocket over a stream that notes what each write to the system holds. */
function corked() {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      writes.push(chunk);
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join('+'));
      done();
    },
  });
  const webSocket = {
    send: (data: unknown, done?: unknown) => void stream.write(data, done as (error?: Error | null) => void),
  };
  corkEachTurn(webSocket, stream);
  return { writes, stream, webSocket };
}

it('frames of one turn of the event loop go out in one write, in their order', async () => {
  const { writes, webSocket } = corked();
  webSocket.send('receipt');
  await Promise.resolve();
  webSocket.send('answer');
  process.nextTick(() => webSocket.send('ack'));
  expect(writes).toEqual([]);
  await nextTurn();
  await nextTurn();
  expect(writes).toEqual(['receipt+answer+ack']);
});

it('a frame of a later turn is not held back by an earlier one', async () => {
  const { writes, webSocket } = corked();
  for (const frame of ['first', 'second']) {
    webSocket.send(frame);
    await nextTurn();
    await nextTurn();
  }
  expect(writes).toEqual(['first', 'second']);
});

it('the sender of a frame learns that it was written', async () => {
  const { webSocket } = corked();
  await new Promise((resolve) => webSocket.send('frame', resolve));
});

it('a stream that is destroyed in the turn of a frame causes no error', async () => {
  const { writes, stream, webSocket } = corked();
  stream.on('error', () => {});
  webSocket.send('frame');
  stream.destroy();
  await nextTurn();
  await nextTurn();
  webSocket.send('late');
  await nextTurn();
  expect(writes).toEqual([]);
});
