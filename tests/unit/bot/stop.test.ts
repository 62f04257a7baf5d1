import { expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import type { Context } from '../../../src/bot/context.ts';
import { Interrupted } from '../../../src/bot/run/interrupted-error.ts';
import ping from '../../../src/commands/ping.ts';
import { BEN, incoming, makeBot, rest } from './fakes.ts';

function slow() {
  const contexts: Context[] = [];
  const ends: Array<() => void> = [];
  const wait = command({
    name: 'wait',
    summary: 'waits',
    async run(ctx) {
      contexts.push(ctx as Context);
      await new Promise<void>((resolve) => ends.push(resolve));
      await ctx.reply('waited');
    },
  });
  return { contexts, ends, wait };
}

test('stop() of a bot without work settles at once, and each call gets the same promise', async () => {
  const { bot, log } = makeBot([ping]);
  await bot.start();
  expect(bot.stop()).toBe(bot.stop());
  await bot.stop();
  expect(log.lines).toEqual([]);
  await expect(bot.start()).resolves.toBeUndefined();
});

test('a handler that ends within the grace is done', async () => {
  const { wait, ends } = slow();
  const { bot, clock, messenger } = makeBot([wait]);
  const handled = bot.handle(incoming('!wait'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(699);
  ends[0]?.();
  expect(await handled).toBe('done');
  await stopped;
  expect(messenger.texts).toEqual(['waited']);
  expect(clock.sleeping).toBe(0);
});

test('each handler may use the whole grace, even if others end earlier', async () => {
  const { wait, ends } = slow();
  const { bot, clock } = makeBot([wait]);
  const handled = [bot.handle(incoming('!wait')), bot.handle(incoming('!wait', { sender: BEN }))];
  await rest();
  const stopped = bot.stop();
  ends[0]?.();
  await clock.advance(600);
  ends[1]?.();
  expect(await Promise.all(handled)).toEqual(['done', 'done']);
  await stopped;
});

test('a handler that outlasts the grace is cut off, and its message and all waiting ones stay unfinished', async () => {
  const { wait, contexts, ends } = slow();
  const { bot, clock, messenger, log } = makeBot([wait, ping]);
  const running = bot.handle(incoming('!wait'));
  const waiting = bot.handle(incoming('!ping'));
  await rest();
  const signal = contexts[0]?.signal;
  const stopped = bot.stop();
  expect(await bot.handle(incoming('!ping'))).toBe('unfinished');
  await clock.advance(700);
  await stopped;
  expect(await running).toBe('unfinished');
  expect(await waiting).toBe('unfinished');
  expect(signal?.aborted).toBe(true);
  ends[0]?.();
  await rest();
  await expect(contexts[0]?.reply('too late')).rejects.toBeInstanceOf(Interrupted);
  expect(contexts[0]?.signal.aborted).toBe(true);
  expect(messenger.sent).toEqual([]);
  expect(log.of('error')).toEqual([]);
  expect(clock.sleeping).toBe(0);
});

test('a signal that is first read after the handler was cut off has aborted', async () => {
  const { wait, contexts } = slow();
  const { bot, clock } = makeBot([wait]);
  void bot.handle(incoming('!wait'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(contexts[0]?.signal.aborted).toBe(true);
  expect(contexts[0]?.signal.reason).toBeInstanceOf(Interrupted);
});

test('the message of a handler that catches the interruption of its send stays unfinished', async () => {
  const stubborn = command({
    name: 'stubborn',
    summary: 'catches everything',
    run: (ctx) => ctx.reply('hello').catch(() => undefined),
  });
  const { bot, clock, messenger } = makeBot([stubborn]);
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!stubborn'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(await handled).toBe('unfinished');
});

test('after a restart the same message gets answers with the same ids', async () => {
  const twice = command({
    name: 'twice',
    summary: 'answers twice',
    async run(ctx) {
      await ctx.reply('one');
      await ctx.send('two');
    },
  });
  const message = incoming('!twice');
  const first = makeBot([twice]);
  first.messenger.onSend = () =>
    first.messenger.sent.length === 1 ? new Promise(() => undefined) : Promise.resolve();
  const handled = first.bot.handle(message);
  await rest();
  const stopped = first.bot.stop();
  await first.clock.advance(700);
  await stopped;
  expect(await handled).toBe('unfinished');
  const second = makeBot([twice], { storage: first.storage });
  expect(await second.bot.handle(message)).toBe('done');
  expect(first.messenger.sent.map(({ id }) => id)).toEqual([second.messenger.sent[0]?.id]);
  expect(second.messenger.texts).toEqual(['one', 'two']);
});

test('a send that a stop cuts off does not count as one that WhatsApp did not acknowledge', async () => {
  const { bot, clock, messenger } = makeBot([ping]);
  let reason: unknown;
  messenger.onSend = (_message, signal) =>
    new Promise(() => signal.addEventListener('abort', () => (reason = signal.reason)));
  void bot.handle(incoming('!ping'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(reason).toMatchObject({ name: 'AbortError' });
});
