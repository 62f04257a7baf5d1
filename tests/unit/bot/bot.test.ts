import { expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import help from '../../../src/commands/help.ts';
import id from '../../../src/commands/id.ts';
import ping from '../../../src/commands/ping.ts';
import status from '../../../src/commands/status.ts';
import { AppError } from '../../../src/core/errors.ts';
import { ANNA, BEN, GROUP, incoming, makeBot } from './fakes.ts';

test('ping is answered with pong, quoting the message', async () => {
  const { bot, messenger } = makeBot([ping]);
  const message = incoming('!ping', { expirationSeconds: 86_400 });
  expect(await bot.handle(message)).toBe('done');
  expect(messenger.sent).toEqual([
    {
      id: expect.stringMatching(/^3EB0[0-9A-F]{18}$/),
      chat: message.chat,
      content: { kind: 'text', text: 'pong' },
      quote: message,
      expirationSeconds: 86_400,
    },
  ]);
});

test('the same message a second time is not handled again', async () => {
  const { bot, messenger } = makeBot([ping]);
  const message = incoming('!ping');
  const first = bot.handle(message);
  expect(await bot.handle(message)).toBe('done');
  expect(await first).toBe('done');
  expect(await bot.handle(message)).toBe('done');
  expect(messenger.texts).toEqual(['pong']);
});

test('help lists what a stranger may use, and one command in full', async () => {
  const { bot, messenger } = makeBot([ping, help, id, status]);
  await bot.handle(incoming('!help'));
  expect(messenger.texts[0]).toContain('!ping');
  expect(messenger.texts[0]).not.toContain('!status');
  await bot.handle(incoming('!help !HELP'));
  expect(messenger.texts[1]).toBe(
    phrases.helpOne({ usage: '!help [command]', summary: help.summary, aliases: ['menu'] }),
  );
  await bot.handle(incoming('!help status'));
  expect(messenger.texts[2]).toBe(phrases.noSuchCommand);
});

test('status is for owners, by number and as the linked account', async () => {
  const { bot, messenger } = makeBot([status], { settings: { ownerNumbers: ['15551230001'] } });
  await bot.handle(incoming('!status'));
  await bot.handle(incoming('!status', { sender: BEN }));
  await bot.handle(incoming('!status', { sender: BEN, chat: GROUP, isFromMe: true }));
  const told = phrases.status({
    connection: 'open',
    connectionAgeMs: 60_000,
    uptimeMs: 3_600_000,
    counts: [['sent', 3]],
  });
  expect(messenger.texts).toEqual([told, phrases.ownersOnly, told]);
});

test('a message that is not a command gets no answer', async () => {
  const { bot, messenger } = makeBot([ping]);
  for (const text of ['', 'hello', 'ping', '!', '!!!', '! ping', 'a !ping', '\u0000', '!ping'.repeat(3)]) {
    expect(await bot.handle(incoming(text, { chat: GROUP }))).toBe('done');
  }
  expect(messenger.sent).toEqual([]);
});

test('a handler that throws is logged with its file, and the person is told without details', async () => {
  const bad = command({
    name: 'bad',
    summary: 'throws',
    run: () => {
      throw new Error('secret detail about topsecret');
    },
  });
  const { bot, messenger, log } = makeBot([bad, ping]);
  expect(await bot.handle(incoming('!bad topsecret'))).toBe('done');
  expect(await bot.handle(incoming('!ping'))).toBe('done');
  expect(messenger.texts).toEqual([phrases.failed, 'pong']);
  const [line] = log.of('error');
  expect(line).toMatchObject({
    facts: { command: 'bad', file: 'src/commands/bad.ts', err: { name: 'Error' } },
  });
  expect(bot.stats).toMatchObject({ answered: 1, failed: 1, unfinished: 0 });
  expect(JSON.stringify(log.lines)).not.toContain('topsecret');
});

test('a command that stores nothing writes nothing to disk', async () => {
  const { bot, storage } = makeBot([ping]);
  await bot.handle(incoming('!ping'));
  const written = [...storage.tables].filter(([, { writes }]) => writes > 0).map(([name]) => name);
  expect(storage.tables.size).toBeGreaterThan(0);
  expect(written).toEqual([]);
});

test('received messages, commands and their outcomes are counted', async () => {
  const { bot } = makeBot([ping, status]);
  for (const text of ['hello', '!pnig', '!ping', '!status', '!ping']) await bot.handle(incoming(text));
  expect(bot.stats).toMatchObject({ received: 5, commands: 3, answered: 3, failed: 0, running: 0, sent: 4 });
});

test('a list of numbers in a middleware step admits people under either kind of address', async () => {
  const friends = new Set(['15551230001']);
  const { bot, messenger } = makeBot([ping], {
    middleware: [
      async (ctx, next) => {
        if (ctx.isOwner || friends.has(ctx.sender.number ?? '')) await next();
      },
    ],
  });
  await bot.handle(incoming('!ping'));
  await bot.handle(incoming('!ping', { sender: { ...ANNA, jid: '7001@lid' } }));
  await bot.handle(incoming('!ping', { sender: BEN }));
  expect(messenger.sent.map(({ chat }) => chat)).toEqual([ANNA.jid, '7001@lid']);
});

test('an error around a command is logged, and the next command is answered', async () => {
  let isBroken = true;
  const ownIds = () => {
    if (isBroken) throw new TypeError('a bug');
    return [];
  };
  const { bot, messenger, log } = makeBot([ping], { settings: { ownIds } });
  expect(await bot.handle(incoming('!ping'))).toBe('done');
  expect(log.of('error')).toMatchObject([{ facts: { err: { name: 'TypeError' } } }]);
  isBroken = false;
  await bot.handle(incoming('!ping'));
  expect(messenger.texts).toEqual(['pong']);
});

test('the bot starts even if the disk is full', async () => {
  const { bot, clock, messenger, storage, log } = makeBot([ping]);
  await storage.table('edits').set('old', { atMs: clock.nowMs - 86_400_001 });
  storage.table('edits').failure = new AppError('STORAGE_FAILED', 'full');
  await bot.start();
  expect(log.of('warn').map(({ facts }) => facts)).toEqual([{ table: 'edits', detail: 'full' }]);
  await bot.handle(incoming('!ping'));
  expect(messenger.texts).toEqual(['pong']);
});
