import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruneEachHour, type TimedTable } from '../../src/app/hourly-pruning.ts';
import { hasRowShape } from '../../src/app/row-shapes.ts';
import { LIMITS } from '../../src/core/limits/limits.ts';
import { type CreatedBot, createBot } from '../../src/index.ts';
import { openSession, type Session } from '../../src/session/session-store.ts';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';
import { FakeClock, FakeLog } from '../unit/bot/fakes.ts';
import { makeFolder } from './support/folder.ts';

const HOUR = 3_600_000;

/** A row of each table that names a time, dated `atMs`. */
const ROWS: Readonly<Record<TimedTable, (atMs: number) => unknown>> = {
  inbox: (atMs) => ({ atMs, hashes: ['h'] }),
  sent: (atMs) => ({ atMs, message: '' }),
  devices: (atMs) => ({ atMs, value: [] }),
  'chat-state': (atMs) => [['name', 1, atMs + LIMITS['table:chat-state'].timeMs]],
  edits: (atMs) => ({ atMs, edit: 'e' }),
  reminders: (atMs) => ({ chat: 'a@g.us', text: 't', dueAtMs: atMs, person: 'p', mentions: [] }),
  runs: (atMs) => ({
    version: 1,
    idKey: 'k',
    handler: { kind: 'command', name: 'n', file: 'f' },
    chat: 'c',
    personJid: 'p',
    personId: 'p',
    messageKey: 'm',
    message: '{}',
    log: [{ kind: 'sleep', at: 1, sends: 0, untilMs: atMs + 10 * LIMITS['table:runs'].timeMs }],
    startedAtMs: atMs,
    changedAtMs: atMs,
    tries: 0,
    isEnded: false,
  }),
  polls: (atMs) => ({ atMs, options: [], votes: [] }),
  schedules: (doneUntilMs) => ({ doneUntilMs }),
  'http-keys': (atMs) => ({ fingerprint: 'f', atMs }),
  numbers: (atMs) => ({ atMs, number: null }),
  outcomes: (atMs) => ({ atMs, chatKind: 'direct', sender: 's', outcome: 'ran', tookMs: 1 }),
};
const TABLES = Object.keys(ROWS) as TimedTable[];

let wa: TestWhatsApp;
let folder = '';
let bot: CreatedBot | undefined;

beforeEach(async () => {
  wa = await startWhatsApp({ deadlineMs: 15_000 });
  folder = makeFolder();
});

afterEach(async () => {
  await bot?.stop();
  await wa.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function start(): CreatedBot {
  const settings = {
    sessionPath: join(folder, 'session'),
    waWebsocketUrl: wa.url,
    waRootKey: wa.simulator.rootKey,
    typingDelayMs: 0,
  };
  const made = createBot({ settings, output: { write: () => undefined } });
  void made.start();
  bot = made;
  return made;
}

async function inSession<T>(work: (session: Session) => T | Promise<T>): Promise<T> {
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const session = await openSession(join(folder, 'session'), { log, isRow: hasRowShape });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

test('the program removes rows of every table that are older than the time of its limit, and keeps newer ones', async () => {
  start();
  await wa.bot.pairFromPng(join(folder, 'session', 'qr-code.png'));
  await bot?.stop();
  const rowsOf = (table: TimedTable): Record<string, unknown> => {
    const { timeMs } = LIMITS[`table:${table}`];
    const row = ROWS[table];
    // A reminder that is due would be sent.
    const newMs = table === 'reminders' ? Date.now() + HOUR : Date.now() - timeMs + HOUR;
    return { old: row(Date.now() - timeMs - HOUR), new: row(newMs) };
  };
  await inSession((session) =>
    session.set(Object.fromEntries(TABLES.map((table) => [table, rowsOf(table)]))),
  );
  start();
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.hears(/pong/i);
  await bot?.stop();
  const kept = await inSession((session) =>
    Object.fromEntries(
      TABLES.map((table) => [table, ['old', 'new'].filter((id) => session.rows(table).has(id))]),
    ),
  );
  expect(kept).toEqual(Object.fromEntries(TABLES.map((table) => [table, ['new']])));
});

test('the program prunes all tables each hour, and a table that fails does not stop the others', async () => {
  const clock = new FakeClock();
  const log = new FakeLog();
  const stop = new AbortController();
  const pruned: string[] = [];
  const prunableTables = Object.fromEntries(
    TABLES.map((table) => [
      table,
      {
        prune: () => {
          if (table === 'sent') throw new Error('full');
          pruned.push(table);
        },
      },
    ]),
  ) as unknown as Parameters<typeof pruneEachHour>[0];
  const running = pruneEachHour(prunableTables, clock, log, stop.signal);
  await clock.advance(HOUR - 1);
  expect(pruned).toHaveLength(TABLES.length - 1);
  await clock.advance(1);
  expect(pruned).toHaveLength(2 * (TABLES.length - 1));
  expect(log.of('warn')[0]).toMatchObject({ facts: { table: 'sent', detail: 'full' } });
  stop.abort();
  await running;
});
