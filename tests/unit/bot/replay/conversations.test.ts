import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import type { Context } from '../../../../src/bot/context.ts';
import { listener } from '../../../../src/bot/listener.ts';
import { ListenerRegistry } from '../../../../src/bot/loading/listener-registry.ts';
import { phrases } from '../../../../src/bot/phrases.ts';
import { AskTimeout } from '../../../../src/bot/replay/conversation-errors.ts';
import type { ConversationRow } from '../../../../src/bot/replay/conversation-row.ts';
import ping from '../../../../src/commands/ping.ts';
import { SEPARATE_ADDRESSES } from '../../../../src/core/addresses.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import type { IncomingMessage } from '../../../../src/core/messages/incoming-message.ts';
import {
  ANNA,
  BEN,
  FakeClock,
  FakeStorage,
  GROUP,
  incoming,
  makeBot,
  rest,
  START_MS,
  type World,
} from '../fakes.ts';

const MINUTE = 60_000;

/** A shop that counts what was ordered, by key. */
function shop() {
  const orders: string[] = [];
  const order = command({
    name: 'order',
    summary: 'orders a pizza',
    async run(ctx) {
      const size = await ctx.choose('Which size?', ['small', 'large']);
      const where = await ctx.ask('Where to?', { timeoutMs: 10 * MINUTE });
      const id = await ctx.step('place', (key) => {
        orders.push(`${size} to ${where.text} ${key}`);
        return orders.length;
      });
      const sent = await ctx.reply(`Order ${id}: baking…`);
      await ctx.sleep(20 * MINUTE);
      await sent.edit(`Order ${id}: on its way`);
    },
  });
  return { orders, order };
}

const asking = (run: (ctx: Context) => Promise<unknown>, more: object = {}) =>
  command({ name: 'talk', summary: 'talks', run: (ctx) => run(ctx as Context), ...more });

const rows = ({ storage }: World): ConversationRow[] => [
  ...storage.table<ConversationRow>('runs').map.values(),
];
const openRows = (world: World) => rows(world).filter(({ isEnded }) => !isEnded);

const say = (world: World, text: string, more: Partial<IncomingMessage> = {}) =>
  world.bot.handle(incoming(text, more));

/** The same bot after a kill: what was in memory is gone. */
async function restart(world: World, commands: Parameters<typeof makeBot>[0]): Promise<World> {
  const clock = new FakeClock();
  clock.nowMs = world.clock.nowMs;
  const next = makeBot(commands, { storage: world.storage, clock });
  await next.bot.start();
  return next;
}

test('a conversation asks, does a step, sleeps, and edits what it sent', async () => {
  const { orders, order } = shop();
  const world = makeBot([order]);
  await world.bot.start();
  expect(await say(world, '!order')).toBe('done');
  expect(await say(world, 'LARGE')).toBe('done');
  expect(await say(world, 'Main Street 5')).toBe('done');
  expect(world.messenger.texts).toEqual(['(poll)', 'Where to?', 'Order 1: baking…']);
  await world.clock.advance(20 * MINUTE);
  expect(world.messenger.sent.at(-1)?.content).toEqual({
    kind: 'edit',
    text: 'Order 1: on its way',
    to: { sentId: world.messenger.sent[2]?.id },
  });
  expect(orders).toEqual([expect.stringMatching(/^large to Main Street 5 \w{32}$/)]);
  expect(openRows(world)).toEqual([]);
  expect(new Set(world.messenger.sent.map(({ id }) => id)).size).toBe(4);
});

test('a restart between any two messages changes nothing', async () => {
  const { orders, order } = shop();
  let world = makeBot([order]);
  await world.bot.start();
  const sent: string[] = [];
  for (const text of ['!order', 'large', 'Main Street 5']) {
    await say(world, text);
    sent.push(...world.messenger.texts);
    world = await restart(world, [order]);
  }
  await world.clock.advance(20 * MINUTE);
  sent.push(...world.messenger.texts);
  expect(sent).toEqual(['(poll)', 'Where to?', 'Order 1: baking…', '(edit)']);
  expect(orders).toHaveLength(1);
});

test('a message that a kill left unfinished goes on from the log, with the same ids and the same key', async () => {
  const keys: string[] = [];
  const { order } = shop();
  const world = makeBot([order]);
  await world.bot.start();
  await say(world, '!order');
  await say(world, 'large');
  const answer = incoming('Main Street 5');
  // Killed before the step's result is on disk.
  const killed = makeBot(
    [asking(async () => undefined), { ...order, run: (ctx) => order.run(withStep(ctx, keys)) }],
    { storage: world.storage, clock: world.clock },
  );
  await killed.bot.start();
  void killed.bot.handle(answer);
  await rest();
  expect(keys).toHaveLength(1);
  const next = makeBot([{ ...order, run: (ctx) => order.run(withKey(ctx, keys)) }], {
    storage: world.storage,
    clock: world.clock,
  });
  await next.bot.start();
  expect(await next.bot.handle(answer)).toBe('done');
  expect(new Set(keys).size).toBe(1);
  expect(next.messenger.texts).toEqual(['Order 7: baking…']);
});

/** The step begins and never ends. */
function withStep(ctx: Context, keys: string[]): Context {
  return proxied(ctx, (key) => {
    keys.push(key);
    return new Promise(() => undefined);
  });
}

function withKey(ctx: Context, keys: string[]): Context {
  return proxied(ctx, (key) => {
    keys.push(key);
    return 7;
  });
}

function proxied(ctx: Context, work: (key: string) => unknown): Context {
  return new Proxy(ctx, {
    get: (target, name) => {
      if (name === 'step') return (step: string) => target.step(step, work);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a command runs while a question is open, and the word cancel ends the conversation', async () => {
  const world = makeBot([asking((ctx) => ctx.ask('Name?')), ping]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, '!ping');
  expect(openRows(world)).toHaveLength(1);
  await say(world, ' Cancel ');
  expect(world.messenger.texts).toEqual(['Name?', 'pong', 'Cancelled.']);
  expect(openRows(world)).toEqual([]);
  await say(world, 'Anna');
  expect(world.messenger.sent).toHaveLength(3);
});

test('an answer that comes twice, or is edited or deleted later, counts once', async () => {
  const answers: string[] = [];
  const world = makeBot([
    asking(async (ctx) => {
      answers.push((await ctx.ask('One?')).text);
      answers.push((await ctx.ask('Two?')).text);
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  const first = incoming('first');
  await world.bot.handle(first);
  await world.bot.handle(first);
  await say(world, 'FIRST', { edits: first.id });
  await say(world, '', { event: { kind: 'deleted', target: first.id } });
  await say(world, 'second');
  // The handler runs again for each answer.
  expect(answers).toEqual(['first', 'first', 'second']);
});

test('an answer from the other address of the person counts', async () => {
  const world = makeBot([asking(async (ctx) => ctx.reply((await ctx.ask('Name?')).text))], {
    addresses: {
      ...SEPARATE_ADDRESSES,
      chatKeyOf: (chat) => (chat === 'annas@lid' ? ANNA.id : (chat.split('@')[0] ?? chat)),
    },
  });
  await world.bot.start();
  await say(world, '!talk');
  await say(world, 'from my LID', { chat: 'annas@lid', sender: { ...ANNA, jid: 'annas@lid' } });
  expect(world.messenger.texts).toEqual(['Name?', 'from my LID']);
});

test('in a group only the person who was asked answers', async () => {
  const world = makeBot([asking(async (ctx) => ctx.reply(`Hello ${(await ctx.ask('Name?')).text}`))]);
  await world.bot.start();
  await say(world, '!talk', { chat: GROUP });
  await say(world, 'Ben', { chat: GROUP, sender: BEN });
  await say(world, 'Anna', { chat: GROUP });
  expect(world.messenger.texts).toEqual(['Name?', 'Hello Anna']);
  expect(world.messenger.sent[0]?.quote?.text).toBe('!talk');
});

test('choose() takes a vote, a word in any case or a number, and lists the options after anything else', async () => {
  for (const answer of ['small', 'SMALL', '1']) {
    const world = makeBot([asking(async (ctx) => ctx.reply(await ctx.choose('Size?', ['small', 'large'])))]);
    await world.bot.start();
    await say(world, '!talk');
    await say(world, 'medium');
    await say(world, answer);
    expect(world.messenger.texts).toEqual(['(poll)', phrases.chooseOne(['small', 'large']), 'small']);
  }
  const world = makeBot([asking(async (ctx) => ctx.reply(await ctx.choose('Size?', ['small', 'large'])))]);
  await world.bot.start();
  await say(world, '!talk');
  const target = world.messenger.sent[0]?.id ?? '';
  const vote = (options: string[], of = target) =>
    say(world, '', { event: { kind: 'vote', target: of, options } });
  await vote([]);
  await vote(['large'], 'another poll');
  await vote(['large']);
  await vote(['small']);
  expect(world.messenger.texts).toEqual(['(poll)', 'large']);
});

test('the options of a question are listed three times only, so that two bots do not answer each other for ever', async () => {
  const world = makeBot([asking(async (ctx) => ctx.reply(await ctx.choose('Size?', ['small', 'large'])))]);
  await world.bot.start();
  await say(world, '!talk');
  for (let turn = 0; turn < 50; turn += 1) await say(world, 'I am on holiday until Monday.');
  const list = phrases.chooseOne(['small', 'large']);
  expect(world.messenger.texts.filter((text) => text === list)).toHaveLength(3);
  await say(world, 'large');
  expect(world.messenger.texts.at(-1)).toBe('large');
});

test('a question without an answer in time ends with a sentence, or with what the handler does', async () => {
  const world = makeBot([asking((ctx) => ctx.ask('Name?', { timeoutMs: MINUTE }))]);
  await world.bot.start();
  await say(world, '!talk');
  await world.clock.advance(MINUTE);
  expect(world.messenger.texts).toEqual(['Name?', phrases.noAnswer]);
  await say(world, 'too late');
  expect(world.messenger.sent).toHaveLength(2);

  const patient = asking(async (ctx) => {
    const name = await ctx.ask('Name?', { timeoutMs: MINUTE }).catch((error) => {
      if (error instanceof AskTimeout) return undefined;
      throw error;
    });
    await ctx.send(name === undefined ? 'Never mind.' : 'Thanks.');
  });
  const second = makeBot([patient]);
  await second.bot.start();
  await say(second, '!talk');
  const third = await restart(second, [patient]);
  await third.clock.advance(MINUTE);
  expect(third.messenger.texts).toEqual(['Never mind.']);
});

test('a person may have one conversation in a chat, and the newer one replaces the older one or is refused', async () => {
  const world = makeBot([asking((ctx) => ctx.ask('Name?'))]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, '!talk');
  expect(openRows(world)).toHaveLength(1);
  const polite = makeBot([asking((ctx) => ctx.ask('Name?'), { whenOpen: 'first' })]);
  await polite.bot.start();
  await say(polite, '!talk');
  await say(polite, '!talk');
  expect(polite.messenger.texts).toEqual(['Name?', phrases.finishFirst]);
});

test('a person who opens conversations in a hundred groups is refused after a few', async () => {
  const world = makeBot([asking((ctx) => ctx.ask('Name?'))]);
  await world.bot.start();
  for (let index = 0; index < 100; index += 1) await say(world, '!talk', { chat: `${index}@g.us` });
  expect(openRows(world)).toHaveLength(LIMITS['runs:person'].count);
  expect(world.messenger.texts.at(-1)).toBe(phrases.ownConversationsFull);
  // Who is refused is not asked.
  const asked = world.messenger.texts.filter((text) => text === 'Name?');
  expect(asked).toHaveLength(LIMITS['runs:person'].count);
});

test('a person who opens conversations in a hundred groups at once is asked in a few', async () => {
  const world = makeBot([asking((ctx) => ctx.choose('Which?', ['red', 'blue']))]);
  await world.bot.start();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => say(world, '!talk', { chat: `${index}@g.us` })),
  );
  const limit = LIMITS['runs:person'].count;
  expect(openRows(world)).toHaveLength(limit);
  expect(world.messenger.texts.filter((text) => text === '(poll)')).toHaveLength(limit);
  expect(world.messenger.texts.filter((text) => text === phrases.ownConversationsFull)).toHaveLength(
    100 - limit,
  );
});

test('a conversation whose handler was changed ends with a sentence and an error that names the file', async () => {
  for (const changed of [
    asking((ctx) => ctx.step('other', () => 1)),
    asking((ctx) => ctx.ask('Another question?')),
    asking(async (ctx) => ctx.reply('no questions any more')),
  ]) {
    const world = makeBot([asking((ctx) => ctx.ask('Name?'))]);
    await world.bot.start();
    await say(world, '!talk');
    const next = await restart(world, [changed]);
    await say(next, 'Anna');
    expect(next.messenger.texts.at(-1)).toBe(phrases.changed);
    expect(next.log.of('error')).toMatchObject([{ facts: { file: 'src/commands/talk.ts' } }]);
    expect(openRows(next)).toEqual([]);
  }
  const world = makeBot([asking((ctx) => ctx.ask('Name?'))]);
  await world.bot.start();
  await say(world, '!talk');
  const without = await restart(world, []);
  await say(without, 'Anna');
  expect(without.messenger.texts).toEqual([phrases.changed]);
});

test('rows that are damaged, of another version or too large are removed with a warning', async () => {
  const storage = new FakeStorage();
  const table = storage.table<unknown>('runs');
  table.map.set('a', 'nonsense');
  table.map.set('b', { version: 2 });
  table.map.set('c', { version: 1, handler: null, log: [] });
  table.map.set('d', null);
  const { bot, log } = makeBot([ping], { storage });
  await bot.start();
  expect(table.map.size).toBe(0);
  expect(log.of('warn')).toHaveLength(4);
});

test('a log that grows too large ends the conversation as a fault', async () => {
  const world = makeBot([
    asking(async (ctx) => {
      for (let index = 0; index < 10; index += 1) await ctx.step(`${index}`, () => 'x'.repeat(50_000));
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  expect(world.messenger.texts).toEqual([phrases.failed]);
  expect(openRows(world)).toEqual([]);
});

test('an error of a step is thrown again when the handler runs again, and the work is not repeated', async () => {
  let tries = 0;
  const world = makeBot([
    asking(async (ctx) => {
      const fallback = await ctx
        .step('risky', () => {
          tries += 1;
          throw new Error('no luck');
        })
        .catch((error: Error) => error.message);
      const { text } = await ctx.ask('Go on?');
      await ctx.reply(`${fallback}, ${text}`);
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, 'yes');
  expect(world.messenger.texts).toEqual(['Go on?', 'no luck, yes']);
  expect(tries).toBe(1);
});

test.each<[string, () => unknown]>([
  ['a function', () => () => 1],
  ['a Date', () => ({ at: new Date() })],
  ['a Map', () => new Map()],
  ['a bigint', () => [1n]],
  ['NaN', () => Number.NaN],
  [
    'a circle',
    () => {
      const circle: { self?: unknown } = {};
      circle.self = circle;
      return circle;
    },
  ],
])('a step that returns %s fails with an error that names the step', async (_what, work) => {
  const world = makeBot([asking((ctx) => ctx.step('odd', work))]);
  await world.bot.start();
  await say(world, '!talk');
  expect(world.log.of('error')).toMatchObject([
    { facts: { err: { message: expect.stringContaining('"odd"') } } },
  ]);
});

class Cart {
  readonly items = ['pizza'];
}

test.each<[string, () => unknown]>([
  ['a bigint', () => ({ price: 5n })],
  ['an object of a class', () => [new Cart()]],
  ['a Set in a list', () => [[new Set([1])]]],
  ['-Infinity', () => ({ a: { b: Number.NEGATIVE_INFINITY } })],
  // biome-ignore lint/suspicious/noSparseArray: that is what is tested
  ['a list with a hole', () => [1, , 3]],
  ['undefined in a list', () => [1, undefined]],
  ['a symbol as a name', () => ({ [Symbol('hidden')]: 1 })],
  ['a list with a name', () => Object.assign(['a'], { total: 1 })],
  ['bytes', () => new Uint8Array(3)],
  [
    'what throws when it is read',
    () => ({
      get price() {
        throw new Error('no price');
      },
    }),
  ],
  ['a hundred thousand levels', () => Array.from({ length: 100_000 }).reduce((inner) => [inner], 1)],
  ['more than a log may have', () => 'x'.repeat(400_000)],
])(
  'work whose result is %s is not done again when the handler catches the error and goes on',
  async (_, work) => {
    let times = 0;
    const world = makeBot([
      asking(async (ctx) => {
        const seen = await ctx
          .step('odd', () => {
            times += 1;
            return work();
          })
          .then(
            () => 'a result',
            () => 'an error',
          );
        const { text } = await ctx.ask('Go on?');
        await ctx.reply(`${seen}, ${text}`);
      }),
    ]);
    await world.bot.start();
    await say(world, '!talk');
    await say(world, 'yes');
    expect(world.messenger.texts).toEqual(['Go on?', 'an error, yes']);
    expect(times).toBe(1);
    expect(openRows(world)).toEqual([]);
  },
);

test('a refusal by work stays a refusal when the handler runs again, from whichever copy of the class', async () => {
  const other = Object.assign(new Error('We are closed.'), { name: 'Refusal' });
  const world = makeBot([
    asking(async (ctx) => {
      const error = await ctx.step('order', () => Promise.reject(other)).catch((thrown) => thrown);
      await ctx.ask('Shall I say why?');
      throw error;
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, 'yes');
  expect(world.messenger.texts).toEqual(['Shall I say why?', 'We are closed.']);
});

test('two steps that begin a conversation side by side are both remembered', async () => {
  const done: string[] = [];
  const world = makeBot([
    asking(async (ctx) => {
      const names = ['a', 'b', 'c'];
      const all = names.map((name) => ctx.step(name, () => done.push(name)));
      await Promise.all(all);
      await ctx.reply(`${(await ctx.ask('Go on?')).text}`);
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  const next = await restart(world, [
    asking(async (ctx) => {
      await Promise.all(['a', 'b', 'c'].map((name) => ctx.step(name, () => done.push(`${name} again`))));
      await ctx.reply(`${(await ctx.ask('Go on?')).text}`);
    }),
  ]);
  await say(next, 'yes');
  expect(next.messenger.texts).toEqual(['yes']);
  expect(done).toEqual(['a', 'b', 'c']);
});

test('a conversation that is refused has done no step', async () => {
  let orders = 0;
  const world = makeBot([
    asking(async (ctx) => {
      await ctx.step('place', () => {
        orders += 1;
      });
      await ctx.ask('Anything else?');
    }),
  ]);
  await world.bot.start();
  const limit = LIMITS['runs:person'].count;
  for (let index = 0; index < limit + 3; index += 1)
    await say(world, '!talk', { chat: `12036300000000${100 + index}@g.us`, chatKind: 'group' });
  expect(orders).toBe(limit);
  expect(world.messenger.texts.filter((text) => text === phrases.ownConversationsFull)).toHaveLength(3);
});

test('an answer that does not fit into the log ends the conversation with a sentence', async () => {
  const world = makeBot([
    asking(async (ctx) => {
      await ctx.step('much', () => 'x'.repeat(200_000));
      await ctx.ask('Go on?');
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  expect(await say(world, 'y'.repeat(65_000))).toBe('done');
  expect(world.messenger.texts).toEqual(['Go on?', phrases.failed]);
  expect(openRows(world)).toEqual([]);
  expect(world.log.of('error')).toMatchObject([{ facts: { name: 'talk', file: 'src/commands/talk.ts' } }]);
});

test('an answer that could not be stored is taken when it comes again', async () => {
  const world = makeBot([asking(async (ctx) => ctx.reply(`${(await ctx.ask('Go on?')).text}!`))]);
  await world.bot.start();
  await say(world, '!talk');
  const table = world.storage.table<ConversationRow>('runs');
  const { set } = table;
  table.set = () => Promise.reject(new AppError('STORAGE_FAILED', 'no space left'));
  const answer = incoming('yes');
  expect(await world.bot.handle(answer)).toBe('unfinished');
  table.set = set;
  expect(await world.bot.handle(answer)).toBe('done');
  expect(world.messenger.texts).toEqual(['Go on?', 'yes!']);
});

test('a step that hangs is cut off with its handler, and its signal aborts', async () => {
  const signals: AbortSignal[] = [];
  const world = makeBot([
    asking((ctx) =>
      ctx.step('slow', (_key, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      }),
    ),
  ]);
  await world.bot.start();
  const handling = say(world, '!talk');
  await world.clock.advance(MINUTE);
  expect(await handling).toBe('done');
  expect(signals[0]?.aborted).toBe(true);
  expect(world.messenger.texts).toEqual([phrases.tookTooLong]);
});

test('now() and random() give the same values when the handler runs again', async () => {
  const seen: number[][] = [];
  const world = makeBot([
    asking(async (ctx) => {
      seen.push([ctx.now(), ctx.random(), ctx.random()]);
      await ctx.ask('Go on?');
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  await world.clock.advance(MINUTE);
  await say(world, 'yes');
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]?.[0]).toBe(START_MS);
  expect(seen[0]?.[1]).not.toBe(seen[0]?.[2]);
});

test('steps may run side by side, and their results are found again', async () => {
  let works = 0;
  const world = makeBot([
    asking(async (ctx) => {
      const work = async (value: number) => {
        works += 1;
        await rest();
        return value;
      };
      const values = await Promise.all([ctx.step('a', () => work(1)), ctx.step('b', () => work(2))]);
      await ctx.ask('Go on?');
      await ctx.reply(values.join());
    }),
  ]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, 'yes');
  expect(world.messenger.texts).toEqual(['Go on?', '1,2']);
  expect(works).toBe(2);
});

test('a conversation that ended does not begin again when its first message comes again', async () => {
  const world = makeBot([asking(async (ctx) => ctx.reply((await ctx.ask('Name?')).text))]);
  await world.bot.start();
  const start = incoming('!talk');
  await world.bot.handle(start);
  const answer = incoming('Anna');
  await world.bot.handle(answer);
  const next = makeBot([asking(async (ctx) => ctx.reply((await ctx.ask('Name?')).text))], {
    storage: world.storage,
    clock: world.clock,
  });
  await next.bot.start();
  expect(await next.bot.handle(answer)).toBe('done');
  expect(await next.bot.handle(start)).toBe('done');
  expect(next.messenger.texts).toEqual([]);
});

test('a question that waits while the program stops is not asked again', async () => {
  const talk = asking(async (ctx) => ctx.reply((await ctx.ask('Name?')).text));
  const world = makeBot([talk]);
  await world.bot.start();
  await say(world, '!talk');
  await world.bot.stop();
  const next = await restart(world, [talk]);
  await next.clock.advance(MINUTE);
  expect(next.messenger.texts).toEqual([]);
  await say(next, 'Anna');
  expect(next.messenger.texts).toEqual(['Anna']);
});

test('the word cancel ends a conversation that sleeps, too', async () => {
  const world = makeBot([asking((ctx) => ctx.sleep(10 * MINUTE))]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, 'cancel');
  expect(world.messenger.texts).toEqual(['Cancelled.']);
  expect(openRows(world)).toEqual([]);
});

test('an answer that was sent in time counts, however long the bot was away', async () => {
  const talk = asking(async (ctx) => ctx.reply((await ctx.ask('Name?', { timeoutMs: 10 * MINUTE })).text));
  const world = makeBot([talk]);
  await world.bot.start();
  await say(world, '!talk');
  await world.bot.stop();
  world.clock.nowMs += 60 * MINUTE;
  const next = await restart(world, [talk]);
  await say(next, 'Anna', { sentAtMs: START_MS + MINUTE });
  expect(next.messenger.texts).toEqual(['Anna']);
  await say(next, '!talk', { sentAtMs: START_MS + MINUTE });
  expect(next.messenger.sent).toHaveLength(1);
});

test('a question whose time ended while the bot was away times out soon after the start', async () => {
  const talk = asking((ctx) => ctx.ask('Name?', { timeoutMs: 10 * MINUTE }));
  const world = makeBot([talk]);
  await world.bot.start();
  await say(world, '!talk');
  await world.bot.stop();
  world.clock.nowMs += 60 * MINUTE;
  const next = await restart(world, [talk]);
  await next.clock.advance(MINUTE);
  expect(next.messenger.texts).toEqual([phrases.noAnswer]);
});

test.each<[string, (ctx: Context) => Promise<unknown>, named: RegExp]>([
  ['two questions', (ctx) => Promise.all([ctx.ask('One?'), ctx.ask('Two?')]), /ask.*ask/],
  ['a question and a sleep', (ctx) => Promise.race([ctx.ask('One?'), ctx.sleep(MINUTE)]), /ask.*sleep/],
  ['a question and a step', (ctx) => Promise.all([ctx.ask('One?'), ctx.step('a', () => 1)]), /ask.*step/],
  ['a step and a question', (ctx) => Promise.all([ctx.step('a', rest), ctx.ask('One?')]), /step.*ask/],
])('%s at once are an error that says which to await', async (_what, run, named) => {
  const world = makeBot([asking(run)]);
  await world.bot.start();
  await say(world, '!talk');
  expect(world.messenger.texts.at(-1)).toBe(phrases.failed);
  expect(world.log.of('error')).toMatchObject([
    { facts: { err: { message: expect.stringMatching(named) } } },
  ]);
  expect(openRows(world)).toEqual([]);
});

test('a handler that only does steps leaves the open conversation of the person alone', async () => {
  const listeners = new ListenerRegistry();
  listeners.set(
    'src/listeners/chat.ts',
    listener({ on: 'message', run: async (ctx) => ctx.reply(await ctx.step('model', () => 'hello')) }),
  );
  const clock = command({
    name: 'clock',
    summary: 'tells the time',
    run: async (ctx) => ctx.reply(String(ctx.now())),
  });
  const talk = asking(async (ctx) => {
    await ctx.ask('Where to?');
    await ctx.sleep(20 * MINUTE);
    await ctx.send('on its way');
  });
  const world = makeBot([talk, clock], { listeners });
  await world.bot.start();
  await say(world, '!talk');
  await say(world, '!clock');
  await say(world, 'Main Street 5');
  await say(world, 'How long will it take?');
  await world.clock.advance(20 * MINUTE);
  expect(world.messenger.texts).toEqual(['Where to?', String(START_MS), 'hello', 'on its way']);
  expect(openRows(world)).toEqual([]);
});

test('a handler that waits after a step takes the place of the older conversation, and finds its step after a restart', async () => {
  let steps = 0;
  const second = command({
    name: 'second',
    summary: 'asks after a step',
    async run(ctx) {
      const count = await ctx.step('count', () => {
        steps += 1;
        return steps;
      });
      await ctx.reply(`${count} ${(await ctx.ask('Second?')).text}`);
    },
  });
  const first = asking(async (ctx) => ctx.reply(`first ${(await ctx.ask('First?')).text}`));
  const world = makeBot([first, second]);
  await world.bot.start();
  await say(world, '!talk');
  await say(world, '!second');
  expect(openRows(world)).toHaveLength(1);
  const next = await restart(world, [first, second]);
  await say(next, 'yes');
  await say(next, 'no');
  expect(next.messenger.texts).toEqual(['1 yes']);
  expect(rows(next).every(({ isEnded }) => isEnded)).toBe(true);
});

test('more handlers with steps than the table has rows are not refused, as long as few run at once', async () => {
  const step = asking((ctx) => ctx.step('count', () => 1));
  const world = makeBot([step]);
  await world.bot.start();
  const { count } = LIMITS['table:runs'];
  for (let index = 0; index < count + 10; index += 1) await say(world, '!talk');
  expect(world.messenger.texts).toEqual([]);
  expect(rows(world).length).toBeLessThanOrEqual(count);
});
