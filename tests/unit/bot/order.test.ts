import { expect, test } from 'vitest';
import { rest as restArg } from '../../../src/bot/args.ts';
import { command } from '../../../src/bot/command.ts';
import type { Context } from '../../../src/bot/context.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import ping from '../../../src/commands/ping.ts';
import { AppError } from '../../../src/core/errors.ts';
import { ANNA, BEN, GROUP, incoming, makeBot, rest } from './fakes.ts';

const echo = command({
  name: 'echo',
  summary: 'repeats',
  args: { text: restArg() },
  async run(ctx) {
    // The first ones take longest: only the order of the chat keeps them in front.
    for (let turn = 0; turn < 5 - (Number(ctx.args.text) % 5); turn += 1) await Promise.resolve();
    await ctx.reply(ctx.args.text);
  },
});

function hanging() {
  const contexts: Context[] = [];
  const hang = command({
    name: 'hang',
    summary: 'never ends',
    run: (ctx) => {
      contexts.push(ctx as Context);
      return new Promise<void>(() => undefined);
    },
  });
  return { contexts, hang };
}

test('a burst of 500 from one person is answered in order, each once', async () => {
  const { bot, messenger } = makeBot([echo]);
  const handled = Array.from({ length: 500 }, (_, index) => bot.handle(incoming(`!echo ${index}`)));
  expect(new Set(await Promise.all(handled))).toEqual(new Set(['done']));
  expect(messenger.texts).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
  expect(new Set(messenger.sent.map(({ id }) => id)).size).toBe(500);
});

test('five messages each of 200 people are answered in the order of each chat, and chats run in parallel', async () => {
  const { bot, messenger } = makeBot([echo]);
  let together = 0;
  let most = 0;
  messenger.onSend = async () => {
    together += 1;
    most = Math.max(most, together);
    await rest();
    together -= 1;
  };
  const handled: Array<Promise<string>> = [];
  for (let turn = 0; turn < 5; turn += 1) {
    for (let who = 0; who < 200; who += 1) {
      const sender = { ...ANNA, id: `${who}`, number: `${who}`, jid: `${who}@s.whatsapp.net` };
      handled.push(bot.handle(incoming(`!echo ${turn}`, { sender })));
    }
  }
  await Promise.all(handled);
  expect(messenger.sent).toHaveLength(1_000);
  for (let who = 0; who < 200; who += 1) {
    const own = messenger.sent.filter(({ chat }) => chat === `${who}@s.whatsapp.net`);
    expect(own.map(({ content }) => content.kind === 'text' && content.text)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ]);
  }
  expect(most).toBeGreaterThan(100);
});

test('a handler that hangs blocks its own chat for a minute, and no other chat', async () => {
  const { hang, contexts } = hanging();
  const { bot, clock, messenger, log } = makeBot([hang, ping]);
  const hung = bot.handle(incoming('!hang'));
  const next = bot.handle(incoming('!ping'));
  expect(await bot.handle(incoming('!ping', { sender: BEN }))).toBe('done');
  expect(messenger.sent.map(({ chat }) => chat)).toEqual([BEN.jid]);
  const signal = contexts[0]?.signal;
  await clock.advance(59_999);
  expect(messenger.sent).toHaveLength(1);
  await clock.advance(2);
  expect(await hung).toBe('done');
  expect(await next).toBe('done');
  expect(messenger.texts).toEqual(['pong', phrases.tookTooLong, 'pong']);
  expect(signal?.aborted).toBe(true);
  expect(log.of('error').map(({ facts }) => facts)).toEqual([
    { command: 'hang', file: 'src/commands/hang.ts', messageId: expect.any(String) },
  ]);
  await expect(contexts[0]?.reply('late')).rejects.toMatchObject({ reason: 'too-late' });
  await expect(contexts[0]?.media()).rejects.toMatchObject({ reason: 'too-late' });
  await expect(contexts[0]?.group()).rejects.toMatchObject({ reason: 'too-late' });
  expect(messenger.sent).toHaveLength(3);
});

test('a handler that ended in time is not cut off later', async () => {
  const signals: AbortSignal[] = [];
  const look = command({ name: 'look', summary: 'looks', run: (ctx) => void signals.push(ctx.signal) });
  const { bot, clock } = makeBot([look]);
  await bot.handle(incoming('!look'));
  await clock.advance(120_000);
  await bot.stop();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test('the time limit of a handler does not count the time in which its send waits for a connection', async () => {
  const { bot, clock, messenger } = makeBot([ping]);
  let isOpen = false;
  let open = () => {};
  messenger.onSend = async () => {
    if (!isOpen) throw new AppError('NOT_CONNECTED', 'no connection');
  };
  messenger.onOpen = () => new Promise((resolve) => (open = resolve));
  const handled = bot.handle(incoming('!ping'));
  await clock.advance(60 * 60_000);
  isOpen = true;
  open();
  expect(await handled).toBe('done');
  expect(messenger.texts).toEqual(['pong']);
});

test('the time limit of a handler counts its time before and after a wait for a connection', async () => {
  const signals: AbortSignal[] = [];
  const slow = command({
    name: 'slow',
    summary: 'is slow',
    async run(ctx) {
      signals.push(ctx.signal);
      await clock.sleep(40_000, ctx.signal);
      await ctx.reply('half of it');
      await new Promise(() => undefined);
    },
  });
  const { bot, clock, messenger } = makeBot([slow]);
  let open = () => {};
  messenger.onSend = async () => {
    messenger.onSend = undefined;
    throw new AppError('NOT_CONNECTED', 'no connection');
  };
  messenger.onOpen = () => new Promise((resolve) => (open = resolve));
  const handled = bot.handle(incoming('!slow'));
  await clock.advance(650_000);
  open();
  await clock.advance(19_999);
  expect(signals[0]?.aborted).toBe(false);
  await clock.advance(1);
  expect(await handled).toBe('done');
  expect(messenger.texts).toEqual(['half of it', phrases.tookTooLong]);
});

test('what a handler sends without awaiting it arrives before its message is done', async () => {
  const hasty = command({
    name: 'hasty',
    summary: 'does not wait',
    run(ctx) {
      void ctx.reply('one');
      void ctx.reply('two').then(() => ctx.reply('three'));
    },
  });
  const { bot, messenger } = makeBot([hasty]);
  messenger.onSend = () => rest();
  await bot.handle(incoming('!hasty'));
  expect(messenger.texts).toEqual(['one', 'two', 'three']);
});

test('a handler fails if WhatsApp refuses a send that it did not await', async () => {
  const hasty = command({ name: 'hasty', summary: 'does not wait', run: (ctx) => void ctx.reply('x') });
  const { bot, messenger, log } = makeBot([hasty]);
  messenger.onSend = async ({ content }) => {
    if (content.kind === 'text' && content.text === 'x') {
      await rest();
      throw new AppError('SEND_REFUSED', 'no');
    }
  };
  expect(await bot.handle(incoming('!hasty'))).toBe('done');
  expect(messenger.texts).toEqual([phrases.failed]);
  expect(log.of('error')).toMatchObject([{ facts: { file: 'src/commands/hasty.ts' } }]);
});

test('a command stays unfinished if WhatsApp does not acknowledge a send that was not awaited', async () => {
  const hasty = command({ name: 'hasty', summary: 'does not wait', run: (ctx) => void ctx.reply('x') });
  const { bot, clock, messenger } = makeBot([hasty]);
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!hasty'));
  await clock.advance(5 * 60_000);
  expect(await handled).toBe('unfinished');
});

test('a command that needs the facts of its group waits for the next connection', async () => {
  const lock = command({ name: 'lock', summary: 's', access: 'admins', run: (ctx) => ctx.reply('locked') });
  const { bot, messenger, log } = makeBot([lock]);
  const { group } = messenger;
  messenger.group = async () => {
    throw new AppError('NOT_CONNECTED', 'no connection');
  };
  const message = incoming('!lock', { chat: GROUP });
  expect(await bot.handle(message)).toBe('unfinished');
  expect(messenger.sent).toEqual([]);
  expect(log.of('error')).toEqual([]);
  messenger.group = group;
  const members = [{ id: ANNA.id, jid: ANNA.jid, isAdmin: true }];
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'x', members });
  expect(await bot.handle(message)).toBe('done');
  expect(messenger.texts).toEqual(['locked']);
});

test('a message that is never acknowledged stays unfinished and frees its chat', async () => {
  const { bot, clock, messenger, log } = makeBot([ping]);
  messenger.onSend = () => (messenger.sent.length === 0 ? new Promise(() => undefined) : Promise.resolve());
  const message = incoming('!ping');
  const handled = bot.handle(message);
  await clock.advance(5 * 60_000);
  expect(await handled).toBe('unfinished');
  expect(log.of('error')).toMatchObject([{ facts: { file: 'src/commands/ping.ts' } }]);
  messenger.onSend = undefined;
  expect(await bot.handle(message)).toBe('done');
});
