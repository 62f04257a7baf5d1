import { expect, test } from 'vitest';
import { ListenerRegistry } from '../../../../src/bot/loading/listener-registry.ts';
import { type ScheduleContext, schedule } from '../../../../src/bot/schedule.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { FakeClock, FakeStorage, GROUP, makeBot, rest, START_MS } from '../fakes.ts';

const HOUR = 3_600_000;
const settings = { mayWriteTo: [GROUP, '15550009999'] };
/** START_MS is 22:13:20 UTC on a Tuesday. */
const NEXT_HOUR_MS = START_MS + 46 * 60_000 + 40_000;

function daily(
  run: (ctx: ScheduleContext) => unknown,
  given: { missed?: 'once' | 'skip'; storage?: FakeStorage; nowMs?: number; pattern?: string } = {},
) {
  const listeners = new ListenerRegistry();
  const { missed = 'once', pattern = '0 * * * *' } = given;
  listeners.setSchedule('src/listeners/daily.ts', schedule(pattern, { timeZone: 'UTC', missed, run }));
  const clock = new FakeClock();
  clock.nowMs = given.nowMs ?? START_MS;
  return makeBot([], { listeners, clock, settings, storage: given.storage ?? new FakeStorage() });
}

const post = (ctx: ScheduleContext) => ctx.sendTo(GROUP, `Good ${ctx.dueAtMs}`);

test('a schedule writes at each of its times, to chats that the owner lists', async () => {
  const { bot, clock, messenger } = daily(post);
  await bot.start();
  await clock.advance(2 * HOUR);
  expect(messenger.texts).toEqual([`Good ${NEXT_HOUR_MS}`, `Good ${NEXT_HOUR_MS + HOUR}`]);
  expect(messenger.sent[0]?.chat).toBe(GROUP);
  await bot.stop();
});

test('a schedule of every few seconds runs each time, and pauses before a new try if it cannot run', async () => {
  const dueMs: number[] = [];
  const fast = daily((ctx) => dueMs.push(ctx.dueAtMs), { pattern: '*/20 * * * * *' });
  await fast.bot.start();
  await fast.clock.advance(2 * 60_000);
  expect(dueMs).toEqual([1, 2, 3, 4, 5, 6].map((n) => START_MS + n * 20_000));
  await fast.bot.stop();

  let tries = 0;
  const failing = daily(
    () => {
      tries += 1;
      throw new AppError('STORAGE_FAILED', 'no space left');
    },
    { pattern: '*/20 * * * * *' },
  );
  await failing.bot.start();
  await failing.clock.advance(5 * 60_000);
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThanOrEqual(5);
  await failing.bot.stop();
});

test.each<['once' | 'skip', number]>([
  ['once', 1],
  ['skip', 0],
])("a schedule with missed: '%s' runs %i times for the times that it missed", async (missed, count) => {
  const storage = new FakeStorage();
  const first = daily(post, { missed, storage });
  await first.bot.start();
  await rest();
  await first.bot.stop();
  const second = daily(post, { missed, storage, nowMs: START_MS + 10 * HOUR });
  await second.bot.start();
  await rest();
  expect(second.messenger.sent).toHaveLength(count);
  await second.clock.advance(HOUR);
  expect(second.messenger.sent).toHaveLength(count + 1);
  await second.bot.stop();
});

test('a schedule that was running when the program ended runs again, with the same ids and the steps that were done', async () => {
  const storage = new FakeStorage();
  let steps = 0;
  const run = async (ctx: ScheduleContext) => {
    await ctx.step('fetch', () => {
      steps += 1;
      return 'news';
    });
    await post(ctx);
  };
  const first = daily(run, { storage });
  first.messenger.onSend = () => new Promise(() => undefined);
  await first.bot.start();
  await first.clock.advance(HOUR);
  const second = daily(run, { storage, nowMs: START_MS + 2 * HOUR });
  await second.bot.start();
  await rest();
  expect(second.messenger.texts[0]).toBe(`Good ${NEXT_HOUR_MS}`);
  expect(steps).toBe(1 + second.messenger.sent.length - 1);
  await second.bot.stop();
});

test('the log names a schedule whose handler fails, and no person is told', async () => {
  const { bot, clock, messenger, log } = daily(() => {
    throw new Error('no news');
  });
  await bot.start();
  await clock.advance(HOUR);
  expect(messenger.sent).toEqual([]);
  expect(log.of('error')).toMatchObject([
    { facts: { file: 'src/listeners/daily.ts', err: { name: 'Error' } } },
  ]);
  await bot.stop();
});

test('a schedule writes to nobody who is not listed and has never written', async () => {
  const { bot, clock, messenger, log } = daily((ctx) => ctx.sendTo('15551234567', 'spam'));
  await bot.start();
  await clock.advance(HOUR);
  expect(messenger.sent).toEqual([]);
  expect(log.of('error')).toEqual([]);
  await bot.stop();
});

test('sendTo() takes a listed number as people write it', async () => {
  const { bot, clock, messenger } = daily((ctx) => ctx.sendTo('+15550009999', 'hello'));
  await bot.start();
  await clock.advance(HOUR);
  expect(messenger.sent[0]?.chat).toBe('15550009999@s.whatsapp.net');
  await bot.stop();
});

test.each(['', 'x', '99 * * * *', '* * * * * * * *'])('schedule() refuses the pattern %j', (pattern) => {
  expect(() => schedule(pattern, { run: () => undefined })).toThrow(TypeError);
});

test('a time zone that does not exist is refused', () => {
  expect(() => schedule('0 8 * * *', { timeZone: 'Mars/Base', run: () => undefined })).toThrow(TypeError);
});

test('a row that was dated by a wrong clock does not keep the schedule from running', async () => {
  const storage = new FakeStorage();
  await storage.table('schedules').set('daily', { doneUntilMs: 8e15 });
  const { bot, clock, messenger } = daily(post, { storage });
  await bot.start();
  await clock.advance(HOUR);
  expect(messenger.texts).toEqual([`Good ${NEXT_HOUR_MS}`]);
  await bot.stop();
});

test('the row of a file that is gone is kept for a year, and that of a yearly schedule for longer', async () => {
  const storage = new FakeStorage();
  const table = storage.table('schedules');
  await table.set('gone', { doneUntilMs: START_MS - 366 * 24 * HOUR });
  await table.set('away', { doneUntilMs: START_MS - 364 * 24 * HOUR });
  await table.set('daily', { doneUntilMs: START_MS - 366 * 24 * HOUR });
  const { bot } = daily(post, { storage, missed: 'skip' });
  await bot.start();
  expect([...table.map.keys()].sort()).toEqual(['away', 'daily']);
  await bot.stop();
});
