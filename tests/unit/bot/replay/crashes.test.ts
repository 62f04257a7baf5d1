import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import type { Context } from '../../../../src/bot/context.ts';
import { phrases } from '../../../../src/bot/phrases.ts';
import type { ConversationRow } from '../../../../src/bot/replay/conversation-row.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import { FakeClock, FakeMessenger, incoming, makeBot, rest, type World } from '../fakes.ts';

const MINUTE = 60_000;
const never = (): Promise<never> => new Promise(() => undefined);

const talk = (run: (ctx: Context) => Promise<unknown>, name = 'talk') =>
  command({ name, summary: 'talks', run: (ctx) => run(ctx as Context) });

const openRows = ({ storage }: World): ConversationRow[] =>
  [...storage.table<ConversationRow>('runs').map.values()].filter(({ isEnded }) => !isEnded);

/** The same bot after a crash, or after a clean stop: what was in memory is gone. */
async function restart(
  world: World,
  commands: Parameters<typeof makeBot>[0],
  given: Parameters<typeof makeBot>[1] = {},
): Promise<World> {
  const clock = new FakeClock();
  clock.nowMs = world.clock.nowMs;
  const next = makeBot(commands, { storage: world.storage, clock, wasKilled: true, ...given });
  await next.bot.start();
  await rest();
  return next;
}

/** A bot in which Anna has begun a conversation. */
async function begun(commands: Parameters<typeof makeBot>[0]): Promise<World> {
  const world = makeBot(commands);
  await world.bot.start();
  void world.bot.handle(incoming('!talk'));
  await rest();
  return world;
}

test('a conversation whose handler ran at two crashes is set aside, and the person is told', async () => {
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  });
  const first = await begun([hang]);
  const second = await restart(first, [hang]);
  expect(openRows(second)).toHaveLength(1);
  const third = await restart(second, [hang]);
  expect(openRows(third)).toEqual([]);
  expect(third.messenger.texts).toEqual([phrases.setAside]);
  expect(third.log.of('error')).toMatchObject([{ facts: { file: 'src/commands/talk.ts', crashes: 2 } }]);
  expect(third.bot.stats.setAside).toBe(1);
});

test('a conversation that sends something before each crash is set aside at the fourth', async () => {
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await ctx.reply('working…');
    await never();
  });
  let world = await begun([hang]);
  for (let crash = 1; crash <= 3; crash += 1) {
    world = await restart(world, [hang]);
    expect(openRows(world), `after crash ${crash}`).toHaveLength(1);
  }
  world = await restart(world, [hang]);
  expect(openRows(world)).toEqual([]);
});

test('a conversation that had sent something before its first crash is set aside at the fourth', async () => {
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await ctx.reply('working…');
    await never();
  });
  const first = await begun([hang]);
  const { id } = first.messenger.sent[0] ?? {};
  const silent = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  });
  let world = await restart(first, [silent], { wasSent: (one) => one === id });
  for (let crash = 2; crash <= 3; crash += 1) world = await restart(world, [silent]);
  expect(openRows(world)).toHaveLength(1);
  world = await restart(world, [silent]);
  expect(openRows(world)).toEqual([]);
});

test('crashes while a conversation waits for WhatsApp do not count among the others, but they are limited', async () => {
  const unheard = new FakeMessenger();
  unheard.onSend = never;
  const ask = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await ctx.ask('Name?');
  });
  let world = makeBot([ask], { messenger: unheard });
  await world.bot.start();
  void world.bot.handle(incoming('!talk'));
  await rest();
  const limit = LIMITS['crashes:waiting'].count;
  // The first crash is the one that begins to note.
  for (let crash = 1; crash <= limit; crash += 1) world = await restart(world, [ask], { messenger: unheard });
  expect(openRows(world)).toHaveLength(1);
  world = await restart(world, [ask]);
  expect(openRows(world)).toEqual([]);
  expect(world.messenger.texts).toEqual([phrases.setAside]);
});

test('a conversation whose log grows between two crashes goes on', async () => {
  let steps = 0;
  const slow = talk(async (ctx) => {
    for (let index = 0; index < 6; index += 1) await ctx.step(`${index}`, () => index);
    await ctx.reply('done');
  });
  const one = talk(async (ctx) => {
    steps += 1;
    for (let index = 0; index < steps; index += 1) await ctx.step(`${index}`, () => index);
    await never();
  });
  let world = await begun([one]);
  for (let crash = 0; crash < 5; crash += 1) world = await restart(world, [one]);
  const last = await restart(world, [slow]);
  expect(last.messenger.texts).toEqual(['done']);
});

test('a crash after a sleep counts, and one that happens in the sleep does not', async () => {
  const hang = talk(async (ctx) => {
    await ctx.sleep(MINUTE);
    await never();
  });
  let world = await begun([hang]);
  for (let crash = 0; crash < 4; crash += 1) world = await restart(world, [hang]);
  expect(openRows(world)).toHaveLength(1);
  await world.clock.advance(MINUTE);
  for (let crash = 0; crash < 2; crash += 1) world = await restart(world, [hang]);
  expect(openRows(world)).toEqual([]);
});

test('crashes while a handler repeats what it remembers do not count among the others', async () => {
  let isRepeating = false;
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    if (isRepeating) await never();
    await ctx.step('second', () => 2);
    await never();
  });
  let world = await begun([hang]);
  isRepeating = true;
  for (let crash = 1; crash <= 5; crash += 1) world = await restart(world, [hang]);
  expect(openRows(world)).toHaveLength(1);
  isRepeating = false;
  for (let crash = 1; crash <= 2; crash += 1) world = await restart(world, [hang]);
  expect(openRows(world)).toEqual([]);
});

test('a sleep that has ended goes on when there is a connection, and crashes before that do not count', async () => {
  const order = talk(async (ctx) => {
    await ctx.sleep(MINUTE);
    await ctx.send('on its way');
  });
  let world = await begun([order]);
  await world.bot.stop();
  world.clock.nowMs += 2 * MINUTE;
  for (let crash = 0; crash < 4; crash += 1) {
    const messenger = new FakeMessenger();
    messenger.onOpen = never;
    world = await restart(world, [order], { messenger });
    await world.clock.advance(1);
  }
  const [kept] = openRows(world);
  expect(kept?.crashes).toBeUndefined();
  world = await restart(world, [order]);
  await world.clock.advance(1);
  expect(world.messenger.texts).toEqual(['on its way']);
});

test('a crash while a conversation waits for an answer does not count', async () => {
  const ask = talk(async (ctx) => ctx.reply((await ctx.ask('Name?')).text));
  let world = await begun([ask]);
  for (let crash = 0; crash < 5; crash += 1) world = await restart(world, [ask]);
  await world.bot.handle(incoming('Anna'));
  expect(world.messenger.texts).toEqual(['Anna']);
});

test('a clean stop is no crash, and neither is a crash before there is a connection', async () => {
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  });
  let world = await begun([hang]);
  for (let stop = 0; stop < 3; stop += 1) world = await restart(world, [hang], { wasKilled: false });
  for (let crash = 0; crash < 3; crash += 1) {
    const messenger = new FakeMessenger();
    messenger.onOpen = never;
    world = await restart(world, [hang], { messenger });
  }
  expect(openRows(world)).toHaveLength(1);
});

test('beside a conversation that crashes the bot, the other ones go on', async () => {
  const crash = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  });
  const busy = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  }, 'busy');
  const done = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await ctx.reply('done');
  }, 'busy');
  const first = await begun([crash, busy]);
  void first.bot.handle(incoming('!busy', { sender: OTHER }));
  await rest();
  // The first of the two crashes the bot before the second one is started again.
  const second = await restart(first, [crash, busy]);
  const third = await restart(second, [crash, done]);
  expect(third.messenger.texts).toEqual([phrases.setAside, 'done']);
});

test('a conversation that runs for long after a crash does not hold up the others for good', async () => {
  const hang = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  });
  const busy = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await never();
  }, 'busy');
  const done = talk(async (ctx) => {
    await ctx.step('first', () => 1);
    await ctx.reply('done');
  }, 'busy');
  const first = await begun([hang, busy]);
  void first.bot.handle(incoming('!busy', { sender: OTHER }));
  await rest();
  const second = await restart(first, [hang, done]);
  expect(second.messenger.texts).toEqual([]);
  await second.clock.advance(5_000);
  expect(second.messenger.texts).toEqual(['done']);
});

const OTHER = {
  id: '15551230002',
  number: '15551230002',
  jid: '15551230002@s.whatsapp.net',
  name: 'Carla',
};
