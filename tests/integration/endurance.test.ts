import { createHook } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silenceConsole } from './support/console.ts';
import { Rig } from './support/rig.ts';

/** `LONG=1` is the long form: a thousand, and a day. */
const RECONNECTS = process.env.LONG ? 1_000 : 60;
const HOURS = process.env.LONG ? 24 : 8;
/** Caches fill up first. */
const WARM_UP = 20;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const SIMULATED_MS = HOURS * HOUR;

let rig: Rig;

/** Every timer that is set, also those that would not keep the process alive. */
const timers = new Set<number>();
const timerWatch = createHook({
  init: (id, type) => void (type === 'Timeout' && timers.add(id)),
  destroy: (id) => void timers.delete(id),
});

beforeEach(() => {
  timerWatch.enable();
  silenceConsole();
  rig = new Rig();
});

afterEach(async () => {
  await rig.destroy();
  timerWatch.disable();
  timers.clear();
  vi.restoreAllMocks();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Census {
  readonly heapMiB: number;
  readonly files: number;
  readonly timers: number;
  /** Of the client and of the process. */
  readonly listeners: number;
}

function census(): Census {
  collectGarbage();
  return {
    heapMiB: process.memoryUsage().heapUsed / 1024 ** 2,
    files: readdirSync('/proc/self/fd').length,
    timers: timers.size,
    listeners: listenersOf(rig.client) + listenersOf(process),
  };
}

const listenersOf = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

function expectNoGrowth(before: Census, connections: number): void {
  const after = census();
  expect(after.listeners, 'listeners').toBe(before.listeners);
  expect(after.files - before.files, 'open files').toBeLessThanOrEqual(2);
  expect(after.timers - before.timers, 'timers').toBeLessThanOrEqual(15);
  // A leaked socket with its caches is about half a MiB.
  expect((after.heapMiB - before.heapMiB) / connections, 'MiB a connection').toBeLessThan(0.1);
}

test.skipIf(process.platform !== 'linux')(
  `${RECONNECTS} reconnects leave no memory, files or timers behind`,
  { timeout: RECONNECTS * 1_000 + 30_000 },
  async () => {
    await rig.pair();
    const person = rig.wa.addPerson({ addressing: 'mixed' });
    let before = census();
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
    expectNoGrowth(before, RECONNECTS);
  },
);

/** How the server is for a fifth of an hour. `openMs` is how long it leaves a connection open. */
interface Weather {
  readonly change: (isOn: boolean) => void | Promise<void>;
  readonly openMs?: number;
}

const MANY = 1_000;

const WEATHERS: readonly Weather[] = [
  { change: () => {}, openMs: 4 * MINUTE },
  { change: (isOn) => (isOn ? rig.wa.faults.down() : rig.wa.faults.up()) },
  { change: (isOn) => rig.wa.faults.refuseUpgrades(503, isOn ? MANY : 0) },
  { change: (isOn) => rig.wa.faults.failNextLogins(503, isOn ? MANY : 0) },
  { change: () => {}, openMs: 10 * SECOND },
];

test.skipIf(process.platform !== 'linux')(
  `after ${HOURS} hours of closes by the server no listeners, timers or memory are left, and the bot still answers`,
  { timeout: 60_000 + (SIMULATED_MS / HOUR) * 20_000 },
  async () => {
    const waits: number[] = [];
    let weather: Weather | undefined;
    let before: Census | undefined;
    const look = async (): Promise<void> => {
      const isOver = rig.aheadMs >= SIMULATED_MS;
      const present = WEATHERS[Math.floor((rig.aheadMs / HOUR) * WEATHERS.length) % WEATHERS.length];
      const next = isOver ? undefined : present;
      if (next === weather) return;
      await weather?.change(false);
      weather = next;
      await weather?.change(true);
      if (rig.aheadMs > HOUR) before ??= census();
    };
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
      rig.aheadMs += ms;
      await look();
    };
    const client = await rig.pair({ clock: { ...rig.clock, sleep } });
    const person = rig.wa.addPerson({ addressing: 'mixed' });
    await rig.ping(person);
    await look();
    const over = new Promise<void>((resolve) => {
      const opened = (): void => {
        if (weather) {
          rig.aheadMs += weather.openMs ?? 0;
          rig.wa.faults.dropConnection();
        } else resolve();
      };
      client.on('opened', opened);
      opened();
    });
    await over;
    await rig.ping(person);
    if (!before) throw new Error('not even an hour went by');
    expectNoGrowth(before, waits.length);
    expect(waits.length).toBeGreaterThan((SIMULATED_MS / HOUR) * 20);
    expect(Math.min(...waits)).toBe(5 * SECOND);
    expect(Math.max(...waits)).toBe(5 * MINUTE);
  },
);
