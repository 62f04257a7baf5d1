import { expect, test } from 'vitest';
import { type ChatStateRow, ChatStates, StateStores } from '../../../../src/bot/state/chat-state.ts';
import { SEPARATE_ADDRESSES } from '../../../../src/core/addresses.ts';
import { FakeClock, FakeTable, rest } from '../fakes.ts';

function makeStates(table = new FakeTable<ChatStateRow>(), clock = new FakeClock()) {
  return { table, clock, states: new ChatStates(table, clock) };
}

test('values belong to a chat, outlive a restart, and expire', async () => {
  const { table, clock, states } = makeStates();
  await states.of('a').set('turn', { who: 'anna' }, { ttlMs: 1_000 });
  await states.of('a').set('kept', 1);
  const again = new ChatStates(table, clock);
  expect(again.of('a').get('turn')).toEqual({ who: 'anna' });
  expect(again.of('b').get('turn')).toBeUndefined();
  await clock.advance(1_000);
  expect(again.of('a').get('turn')).toBeUndefined();
  expect(again.of('a').get('kept')).toBe(1);
  await clock.advance(86_400_000);
  expect(again.of('a').get('kept')).toBeUndefined();
  await again.prune();
  expect(table.size).toBe(0);
});

test.each<[what: string, value: unknown, named: RegExp]>([
  ['a Map', { seen: new Map() }, /"x"\.seen .* Map/],
  ['a Date', new Date(0), /"x" .* Date/],
  ['NaN', [Number.NaN], /"x"\[0\] is NaN/],
  ['a bigint', 1n, /"x" is a bigint/],
  ['a promise', Promise.resolve(1), /"x" .* Promise/],
])(
  'a state value that is %s is refused by name, set or updated, and changes nothing',
  async (_, value, named) => {
    const { states } = makeStates();
    const state = states.of('a');
    await state.set('x', 'before');
    await expect(state.set('x', value)).rejects.toThrow(named);
    await expect(state.update('x', () => value)).rejects.toThrow(named);
    expect(state.get('x')).toBe('before');
  },
);

test('a value is kept as it was when it was set, and undefined deletes it', async () => {
  const { states, table } = makeStates();
  const state = states.of('a');
  const cart = ['pizza'];
  await state.set('cart', cart);
  cart.push('soup');
  expect(state.get('cart')).toEqual(['pizza']);
  await state.set('other', 1);
  await state.set('cart', undefined);
  expect(await state.update('other', () => undefined)).toBeUndefined();
  expect(table.size).toBe(0);
});

/** A table whose changes can be seen only when they are on disk. */
class SlowTable<T> extends FakeTable<T> {
  override async set(id: string, value: T): Promise<void> {
    await rest();
    await super.set(id, value);
  }
}

test('concurrent changes of one chat are all kept', async () => {
  const { states } = makeStates(new SlowTable());
  const state = states.of('a');
  await Promise.all([state.set('x', 1), state.set('y', 2), state.delete('x'), state.set('z', 3)]);
  expect([state.get('x'), state.get('y'), state.get('z')]).toEqual([undefined, 2, 3]);
});

test('a value that is too large is refused and changes nothing, and the next write works', async () => {
  const { states } = makeStates();
  const state = states.of('a');
  await state.set('x', 1);
  await expect(state.set('big', 'x'.repeat(9_000))).rejects.toThrow('8192');
  // The failure of one is not the failure of another that waits behind it.
  const results = await Promise.allSettled([state.set('big', 'x'.repeat(9_000)), state.set('y', 2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect([state.get('x'), state.get('big'), state.get('y')]).toEqual([1, undefined, 2]);
});

test('a value may have the name of an object member such as __proto__', async () => {
  const { states } = makeStates();
  const state = states.of('__proto__');
  expect(state.get('constructor')).toBeUndefined();
  await state.set('__proto__', { polluted: true });
  expect(state.get('__proto__')).toEqual({ polluted: true });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a full table drops expired values, and refuses a new chat if no value has expired', async () => {
  const { states, clock, table } = makeStates();
  for (let chat = 0; chat < 5_000; chat += 1) table.map.set(`${chat}`, [['x', 1, clock.nowMs + 1_000]]);
  await expect(states.of('new').set('x', 1)).rejects.toThrow('5000');
  await states.of('7').set('x', 2);
  expect(states.of('7').get('x')).toBe(2);
  await clock.advance(1_000);
  await states.of('new').set('x', 1);
  expect([...table.map.keys()]).toEqual(['7', 'new']);
});

test('a value that is set again replaces the old one, and pruning writes only rows with expired values', async () => {
  const { states, clock, table } = makeStates();
  await states.of('a').set('x', 1);
  await states.of('a').set('x', 2);
  expect(states.of('a').get('x')).toBe(2);
  await states.of('b').set('short', 1, { ttlMs: 1_000 });
  await states.of('b').set('long', 1);
  await clock.advance(1_000);
  table.writes = 0;
  await states.prune();
  expect(table.writes).toBe(1);
  expect(table.map.get('b')?.map(([name]) => name)).toEqual(['long']);
});

test('updates of one value at the same time lose nothing, and persons, chats and the bot have values of their own', async () => {
  const table = new FakeTable<ChatStateRow>();
  const stores = new StateStores(table, new FakeClock(), SEPARATE_ADDRESSES);
  const add = (value: unknown) => (typeof value === 'number' ? value : 0) + 1;
  const counts = await Promise.all(
    Array.from({ length: 50 }, () => stores.chats.of('a@g.us').update('count', add)),
  );
  expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  await stores.persons.of('a@g.us').set('count', 'person');
  await stores.bot.of('bot').set('count', 'bot');
  expect(stores.chats.of('a@g.us').get('count')).toBe(50);
  expect(stores.persons.of('a@g.us').get('count')).toBe('person');
  expect(stores.bot.of('bot').get('count')).toBe('bot');
  await expect(stores.chats.of('a@g.us').update('big', () => 'x'.repeat(9_000))).rejects.toThrow('8192');
  await expect(stores.bot.of('bot').update('big', () => 'x'.repeat(9_000))).resolves.toHaveLength(9_000);
});

test('pruning removes expired values from all rows, also beside a row of the bot that is larger than a chat may have', async () => {
  const table = new FakeTable<ChatStateRow>();
  const clock = new FakeClock();
  const stores = new StateStores(table, clock, SEPARATE_ADDRESSES);
  await stores.bot.of('bot').set('big', 'x'.repeat(20_000));
  await stores.bot.of('bot').set('short', 1, { ttlMs: 1_000 });
  await stores.persons.of('anna').set('short', 1, { ttlMs: 1_000 });
  await clock.advance(1_000);
  await stores.prune();
  expect([...table.map].map(([key, row]) => [key, row.map(([name]) => name)])).toEqual([
    ['bot:bot', ['big']],
  ]);
});

test('a full table makes room beside a row of the bot that is larger than a chat may have', async () => {
  const table = new FakeTable<ChatStateRow>();
  const clock = new FakeClock();
  const stores = new StateStores(table, clock, SEPARATE_ADDRESSES);
  await stores.bot.of('bot').set('big', 'x'.repeat(20_000));
  await stores.bot.of('bot').set('short', 1, { ttlMs: 1_000 });
  for (let chat = 1; chat < 5_000; chat += 1) table.map.set(`${chat}`, [['x', 1, clock.nowMs + 1_000]]);
  await clock.advance(1_000);
  await stores.chats.of('new').set('x', 1);
  expect([...table.map.keys()]).toEqual(['bot:bot', 'new']);
});
