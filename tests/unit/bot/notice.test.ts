import { expect, test } from 'vitest';
import { type Command, command } from '../../../src/bot/command.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import { Refusal } from '../../../src/bot/refusal.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { IncomingMessage } from '../../../src/core/messages/incoming-message.ts';
import { incoming, makeBot, rest } from './fakes.ts';

/** A bot whose only command fails, so that all it sends is the sentence that says so. */
const failing = () =>
  makeBot([
    command({
      name: 'bad',
      summary: 'fails',
      run: () => {
        throw new Error('broken');
      },
    }),
  ]);

test('a notice that WhatsApp does not acknowledge leaves the message unfinished', async () => {
  const { bot, clock, messenger } = failing();
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!bad'));
  await clock.advance(5 * 60_000);
  expect(await handled).toBe('unfinished');
  expect(bot.stats).toMatchObject({ answered: 0, failed: 0, unfinished: 1 });
});

test('a notice that a stop cuts off leaves the message unfinished', async () => {
  const { bot, clock, messenger } = failing();
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!bad'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(await handled).toBe('unfinished');
});

test('a notice that WhatsApp refuses is logged as a warning, and the message is done', async () => {
  const { bot, messenger, log } = failing();
  messenger.onSend = async () => {
    throw new AppError('SEND_REFUSED', 'no');
  };
  expect(await bot.handle(incoming('!bad'))).toBe('done');
  expect(log.of('warn')).toMatchObject([{ facts: { err: { code: 'SEND_REFUSED' } } }]);
});

/** The ids of what is sent in answer to `message` by a bot that has just been started. */
async function idsOf(commands: Command[], message: IncomingMessage, before: IncomingMessage[] = []) {
  const { bot, messenger } = makeBot(commands);
  for (const one of before) await bot.handle(one);
  messenger.sent.length = 0;
  expect(await bot.handle(message)).toBe('done');
  return messenger.sent.map(({ id }) => id);
}

/** A command that says `replies` sentences, and then fails or not. */
const saying = (replies: number, error?: Error) =>
  command({
    name: 'say',
    summary: 'says so many sentences',
    cooldownSeconds: 2,
    async run(ctx) {
      for (let n = 1; n <= replies; n += 1) await ctx.reply(`sentence ${n}`);
      if (error !== undefined) throw error;
    },
  });

test('a person who was told to wait gets one answer if the command runs again after a kill', async () => {
  const message = incoming('!say');
  const told = await idsOf([saying(1)], message, [incoming('!say')]);
  expect(told).toHaveLength(1);
  expect(await idsOf([saying(1)], message)).toEqual(told);
});

test.each<[sentence: string, first: Command[], second: Command[]]>([
  ['a handler that fails once and not again', [saying(0, new Error('broken'))], [saying(1)]],
  ['a handler that refuses once and not again', [saying(0, new Refusal('no'))], [saying(1)]],
  ['a command that nobody knew at first', [], [saying(1)]],
  ['a handler that fails after its first sentence, and not again', [saying(1, new Error('b'))], [saying(2)]],
])('after a kill the answer has the message id of the notice before it: %s', async (_, first, second) => {
  const message = incoming('!say');
  const ids = await idsOf(first, message);
  expect(await idsOf(second, message)).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a notice after a reminder has the id of the answer that it replaces', async () => {
  const later = (error?: Error) =>
    command({
      name: 'say',
      summary: 'asks for a reminder',
      async run(ctx) {
        await ctx.later(60_000, 'tea');
        if (error !== undefined) throw error;
        await ctx.reply('I will');
      },
    });
  const message = incoming('!say');
  const ids = await idsOf([later(new Error('broken'))], message);
  expect(await idsOf([later()], message)).toEqual(ids);
});

test('the bot tells a person that a message is set aside, and does not start its handler', async () => {
  let runs = 0;
  const { bot, messenger } = makeBot([
    command({ name: 'boom', summary: 'crashes', run: () => void (runs += 1) }),
  ]);
  const message = { ...incoming('!boom'), isSetAside: true };
  expect(await bot.handle(message)).toBe('done');
  expect(runs).toBe(0);
  expect(messenger.sent).toMatchObject([{ content: { text: phrases.setAside } }]);
});
