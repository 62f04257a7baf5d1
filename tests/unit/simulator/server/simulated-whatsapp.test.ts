import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedWhatsApp } from '../../../../src/simulator/server/simulated-whatsapp.ts';

let wa: SimulatedWhatsApp;
beforeEach(async () => {
  wa = new SimulatedWhatsApp();
  await wa.start();
});
afterEach(() => wa.stop());

async function isListening(): Promise<boolean> {
  const socket = connect(Number(new URL(wa.url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('SimulatedWhatsApp', () => {
  it.each<[string, () => Promise<void>, () => Promise<void>]>([
    ['start() and stop()', () => wa.start(), () => wa.stop()],
    ['faults.up() and faults.down()', () => wa.faults.up(), () => wa.faults.down()],
  ])('the simulator obeys the last of %s that nothing has waited for', async (_, start, stop) => {
    const stopped = stop();
    await start();
    expect(await isListening()).toBe(true);
    await stopped;
    void stop();
    void start();
    await stop();
    expect(await isListening()).toBe(false);
    await start();
    expect(await isListening()).toBe(true);
  });
});
