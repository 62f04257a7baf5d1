import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(async () => {
  vi.restoreAllMocks();
  await rig.destroy();
});

it('a connection opens if WhatsApp answers the handshake before its last write is confirmed', async () => {
  const { send } = WebSocket.prototype;
  vi.spyOn(WebSocket.prototype, 'send').mockImplementation(function (this: WebSocket, ...args: unknown[]) {
    const done = args.at(-1);
    const isConfirmed = typeof done === 'function';
    const late = (error?: Error): void => void setTimeout(() => isConfirmed && done(error), 100);
    return Reflect.apply(send, this, isConfirmed ? [...args.slice(0, -1), late] : args);
  });
  rig = new Rig();
  await rig.pair();
  expect(rig.wa.counters).toMatchObject({ connections: 1, logins: 1 });
});
