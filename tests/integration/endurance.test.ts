import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rig } from './support/rig.ts';

/** `LONG=1` is the long form: a thousand. */
const RECONNECTS = process.env.LONG ? 1_000 : 60;
/** Caches fill up first. */
const WARM_UP = 20;

let rig: Rig;

beforeEach(() => {
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
  rig = new Rig();
});

afterEach(async () => {
  await rig.destroy();
  vi.restoreAllMocks();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function census(): { readonly heapMiB: number; readonly files: number; readonly timers: number } {
  collectGarbage();
  return {
    heapMiB: process.memoryUsage().heapUsed / 1024 ** 2,
    files: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  };
}

test.skipIf(process.platform !== 'linux')(
  `${RECONNECTS} reconnects leave no memory, files or timers behind`,
  { timeout: RECONNECTS * 1_000 + 30_000 },
  async () => {
    const client = await rig.pair();
    const person = rig.wa.addPerson({ addressing: 'mixed' });
    const listeners = (): number =>
      client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0);
    let before = census();
    const listenersBefore = listeners();
    for (let index = 0; index < WARM_UP + RECONNECTS; index += 1) {
      if (index === WARM_UP) before = census();
      await rig.state('open');
      rig.wa.faults.dropConnection();
      await rig.reconnect();
      await rig.state('open');
      if (index % 10 !== 0) continue;
      const { id } = await person.send('!ping');
      await person.waitForMessage((message) => message.quotedId === id);
    }
    const after = census();
    expect(listeners()).toBe(listenersBefore);
    expect(after.files - before.files, 'open files').toBeLessThanOrEqual(2);
    expect(after.timers - before.timers, 'timers').toBeLessThanOrEqual(5);
    // A leaked socket with its caches is about half a MiB.
    expect((after.heapMiB - before.heapMiB) / RECONNECTS, 'MiB a reconnect').toBeLessThan(0.1);
  },
);
