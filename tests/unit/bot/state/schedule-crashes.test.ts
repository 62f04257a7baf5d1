import { expect, test } from 'vitest';
import { ListenerRegistry } from '../../../../src/bot/loading/listener-registry.ts';
import { type ScheduleContext, schedule } from '../../../../src/bot/schedule.ts';
import { FakeClock, FakeStorage, GROUP, makeBot, rest, START_MS, type World } from '../fakes.ts';

const HOUR = 3_600_000;
const never = (): Promise<never> => new Promise(() => undefined);

/** A bot with this schedule that has been killed, and is started at this time. */
async function start(
  storage: FakeStorage,
  run: (ctx: ScheduleContext) => unknown,
  nowMs: number,
): Promise<World> {
  const listeners = new ListenerRegistry();
  listeners.setSchedule('src/listeners/hourly.ts', schedule('0 * * * *', { timeZone: 'UTC', run }));
  const clock = new FakeClock();
  clock.nowMs = nowMs;
  const world = makeBot([], {
    listeners,
    clock,
    storage,
    wasKilled: true,
    settings: { mayWriteTo: [GROUP] },
  });
  await world.bot.start();
  await rest();
  return world;
}

/** How often the handler has run, and the last bot. */
async function crashEachTime(run: (ctx: ScheduleContext) => unknown, starts: number) {
  const storage = new FakeStorage();
  let runs = 0;
  const counted = (ctx: ScheduleContext): unknown => {
    runs += 1;
    return run(ctx);
  };
  await start(storage, counted, START_MS);
  let world = await start(storage, counted, START_MS + HOUR);
  for (let more = 1; more < starts; more += 1) world = await start(storage, counted, START_MS + HOUR);
  return { runs: () => runs, world };
}

test('a time of a schedule that ran at two crashes is set aside, and the next time runs', async () => {
  const { runs, world } = await crashEachTime(never, 3);
  expect(runs()).toBe(2);
  expect(world.log.of('error')).toMatchObject([{ facts: { file: 'src/listeners/hourly.ts', crashes: 2 } }]);
  expect(world.bot.stats.setAside).toBe(1);
  await world.clock.advance(HOUR);
  expect(runs()).toBe(3);
});

test('a time of a schedule that sends something before each crash is set aside at the fourth', async () => {
  const { runs } = await crashEachTime(async (ctx) => {
    await ctx.sendTo(GROUP, 'Good morning!');
    await never();
  }, 8);
  expect(runs()).toBe(4);
});

test('a time of a schedule that remembers one more step before each crash goes on', async () => {
  let steps = 0;
  const { runs, world } = await crashEachTime(async (ctx) => {
    steps += 1;
    for (let index = 0; index < steps; index += 1) await ctx.step(`${index}`, () => index);
    if (steps < 6) await never();
    await ctx.sendTo(GROUP, 'done');
  }, 6);
  expect(runs()).toBe(6);
  expect(world.messenger.texts).toEqual(['done']);
});

test('a time of a schedule that has remembered a step and then crashes the bot is set aside with its log', async () => {
  const { runs, world } = await crashEachTime(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  }, 6);
  expect(runs()).toBe(2);
  const rows = [...world.storage.table<{ isEnded: boolean }>('runs').map.values()];
  expect(rows.filter(({ isEnded }) => !isEnded)).toEqual([]);
});
