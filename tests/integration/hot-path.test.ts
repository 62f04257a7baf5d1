import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { command } from '../../src/bot/command.ts';
import { LISTENER_EVENTS, listener } from '../../src/bot/listener.ts';
import { schedule } from '../../src/bot/schedule.ts';
import ping from '../../src/commands/ping.ts';
import { type FileSystem, realFileSystem } from '../../src/session/folder/file-system.ts';
import { isJournal } from '../../src/session/journal/journal.ts';
import { decodeJournals } from '../../src/session/journal/journal-record.ts';
import { type Running, runBot, stopBot } from './support/bot.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;
let running: Running;

afterEach(async () => {
  await stopBot(rig, running);
  await rig.destroy();
});

type Handlers = Parameters<typeof runBot>[1];

/** Everything that a bot can have beside its commands: a listener for each event, a schedule, conversations. */
const MORE: Handlers = {
  ...Object.fromEntries(LISTENER_EVENTS.map((on) => [on, listener({ on, run: () => undefined })])),
  yearly: schedule('0 0 1 1 *', { run: () => undefined }),
  talk: command({ name: 'talk', summary: 'asks', run: (ctx) => ctx.ask('Name?') }),
};

const PINGS = 6;

/** Counts the calls that write, by their names. A sync comes by the clock, so it is not one of them. */
function countingFileSystem(counts: Map<string, number>): FileSystem {
  return new Proxy(realFileSystem, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || !/^(?:write|open|rename|unlink|truncate)/.test(String(name)))
        return value;
      return (...args: unknown[]) => {
        counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** The records of the journals after this number: in each, how many rows of which tables were written. */
function recordsAfter(folder: string, sequence: number) {
  const journals = readdirSync(folder)
    .filter(isJournal)
    .map((name) => readFileSync(join(folder, name)));
  const all = decodeJournals(journals);
  const records = all.records.slice(all.records.length - (all.sequence - sequence));
  const shapes = records.map((record) =>
    [...record].map(([table, rows]) => `${table} ${rows.size}`).sort((a, b) => (a < b ? -1 : 1)),
  );
  const values = records.flatMap((record) => [...record.values()].flatMap((rows) => [...rows.values()]));
  const bytes = values.reduce((sum, json) => sum + (json?.length ?? 0), 0);
  return { sequence: all.sequence, shapes, bytes };
}

/** What some `!ping`s write to disk in a bot that has these handlers too. */
async function costOf(more: Handlers) {
  const calls = new Map<string, number>();
  rig = new Rig({ answers: false, hasRealWaits: true, fs: countingFileSystem(calls) });
  await rig.pairAnew();
  running = await runBot(rig, { ping, ...more });
  const [anna, ben] = [rig.wa.addPerson({ addressing: 'lid' }), rig.wa.addPerson()];
  if (more.talk) {
    await ben.send('!talk');
    await ben.waitForMessage(({ text }) => text === 'Name?');
  }
  const isDone = () => rig.client.inbox.unfinished().length === 0;
  const askOnce = async (): Promise<void> => {
    const { id } = await anna.send('!ping');
    await anna.waitForMessage(({ quotedId }) => quotedId === id);
    await expect.poll(isDone, { timeout: 10_000 }).toBe(true);
  };
  // The first ones make a Signal session, and look up devices.
  for (let time = 0; time < 3; time += 1) await askOnce();
  const before = recordsAfter(rig.folder, 0);
  calls.clear();
  const shapes: string[][][] = [];
  let bytes = 0;
  let { sequence } = before;
  for (let time = 0; time < PINGS; time += 1) {
    await askOnce();
    const now = recordsAfter(rig.folder, sequence);
    sequence = now.sequence;
    shapes.push(now.shapes);
    bytes += now.bytes;
  }
  return { shapes, bytes, calls: Object.fromEntries(calls) };
}

test('a !ping writes the same rows in as many records and calls, whether the bot has listeners, schedules and open conversations or not', async () => {
  const bare = await costOf({});
  await stopBot(rig, running);
  await rig.destroy();
  const loaded = await costOf(MORE);
  expect(bare.shapes).toHaveLength(PINGS);
  // A test that counts nothing would pass.
  expect(bare.shapes.every((records) => records.flat().some((row) => row.startsWith('inbox')))).toBe(true);
  expect(loaded.shapes).toEqual(bare.shapes);
  expect(loaded.calls).toEqual(bare.calls);
  // Counters and random ids have a digit more or less.
  expect(Math.abs(loaded.bytes - bare.bytes)).toBeLessThan(bare.bytes / 100);
}, 60_000);
