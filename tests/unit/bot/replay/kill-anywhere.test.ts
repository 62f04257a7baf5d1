import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { listener } from '../../../../src/bot/listener.ts';
import { ListenerRegistry } from '../../../../src/bot/loading/listener-registry.ts';
import type { IncomingMessage } from '../../../../src/core/messages/incoming-message.ts';
import type { OutgoingMessage } from '../../../../src/core/messages/outgoing-message.ts';
import {
  FakeClock,
  FakeMessenger,
  FakeStorage,
  type FakeTable,
  incoming,
  makeBot,
  rest,
  START_MS,
} from '../fakes.ts';

const MINUTE = 60_000;
const never = (): Promise<never> => new Promise(() => undefined);

/** What outlives a process: the tables, and what WhatsApp and the people have. */
class World {
  readonly storage = new FakeStorage();
  readonly sent: OutgoingMessage[] = [];
  readonly stepKeys: string[] = [];
  readonly finished = new Set<string>();
  nowMs = START_MS;

  /** What people see: each message once, whatever was sent again under its id. */
  get seen(): unknown[] {
    const ids = new Set<string>();
    return this.sent
      .filter(({ id }) => !ids.has(id) && ids.add(id))
      .map(({ content }) => ('text' in content ? `${content.kind} ${content.text}` : content.kind));
  }
}

/** One process. After so many writes and sends it is killed: nothing that it does counts any more. */
class Life {
  #left: number;
  readonly #world: World;

  constructor(world: World, acts: number) {
    this.#world = world;
    this.#left = acts;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Does something that outlives the process, and never resolves if the process was killed before or after it. */
  async act(work: () => Promise<void>): Promise<void> {
    if (this.isOver) return never();
    this.#left -= 1;
    await work();
    if (this.isOver) return never();
  }

  get storage(): { table<T>(name: string): FakeTable<T> } {
    const { storage } = this.#world;
    const life = this;
    return {
      table<T>(name: string) {
        const table = storage.table<T>(name);
        return new Proxy(table, {
          get(target, member) {
            const value: unknown = Reflect.get(target, member, target);
            if (typeof value !== 'function') return value;
            if (member !== 'set' && member !== 'delete') return value.bind(target);
            return (...args: unknown[]) => life.act(() => Reflect.apply(value, target, args));
          },
        });
      },
    };
  }
}

const order = command({
  name: 'order',
  summary: 'orders a pizza',
  async run(ctx) {
    const size = await ctx.choose('Which size?', ['small', 'large']);
    const where = await ctx.ask('Where to?');
    const at = ctx.now();
    const id = await ctx.step('place', (key) => {
      current.stepKeys.push(key);
      return 7;
    });
    const sent = await ctx.reply(`Order ${id}: ${size} to ${where.text} at ${at - START_MS}`);
    await ctx.sleep(20 * MINUTE);
    await sent.edit(`Order ${id}: on its way`);
  },
});

const chat = listener({
  on: 'message',
  run: async (ctx) => ctx.reply(await ctx.step('model', () => `You said ${ctx.text}`)),
});

let current: World;

/** Runs one process until it is killed, or until nothing is left to do. */
async function live(world: World, messages: readonly IncomingMessage[], acts: number): Promise<boolean> {
  current = world;
  const life = new Life(world, acts);
  const clock = new FakeClock();
  clock.nowMs = world.nowMs;
  const messenger = new FakeMessenger();
  messenger.send = (message) => life.act(async () => void world.sent.push({ ...message }));
  const listeners = new ListenerRegistry();
  listeners.set('src/listeners/chat.ts', chat);
  const { bot } = makeBot([order], {
    listeners,
    clock,
    messenger,
    storage: life.storage as FakeStorage,
    wasKilled: world.sent.length > 0,
    wasSent: (id) => world.sent.some((one) => one.id === id),
  });
  void bot.start();
  await rest();
  for (const message of messages) {
    if (world.finished.has(message.key)) continue;
    void bot.handle(message).then((result) => {
      if (result === 'done' && !life.isOver) world.finished.add(message.key);
    });
    for (let turn = 0; turn < 6; turn += 1) await rest();
    if (life.isOver) return true;
  }
  await clock.advance(21 * MINUTE);
  world.nowMs = clock.nowMs;
  return life.isOver;
}

test('a kill at any write or send of a conversation leaves it as it would have been without one', async () => {
  const messages = ['!order', 'large', 'Main Street 5', 'how long?'].map((text) => incoming(text));
  const whole = new World();
  expect(await live(whole, messages, Number.POSITIVE_INFINITY)).toBe(false);
  expect(whole.seen).toEqual([
    'poll',
    'text Where to?',
    'text Order 7: large to Main Street 5 at 0',
    'text You said how long?',
    'edit Order 7: on its way',
  ]);
  let isKilled = true;
  for (let acts = 1; isKilled; acts += 1) {
    const world = new World();
    isKilled = await live(world, messages, acts);
    if (isKilled) await live(world, messages, Number.POSITIVE_INFINITY);
    expect([...world.seen].sort(), `killed after ${acts} acts`).toEqual([...whole.seen].sort());
    expect(new Set(world.stepKeys).size, `killed after ${acts} acts`).toBe(1);
    expect(acts).toBeLessThan(100);
  }
});
