import { expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import type { Context } from '../../../src/bot/context.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import { Refusal } from '../../../src/bot/refusal.ts';
import { AppError } from '../../../src/core/errors.ts';
import { ANNA, BEN, GROUP, incoming, makeBot, rest } from './fakes.ts';

/** A bot with one command, `!do`, that runs this. */
const doing = (run: (ctx: Context) => Promise<void> | void, extras: Parameters<typeof makeBot>[1] = {}) =>
  makeBot([command({ name: 'do', summary: 'does it', run })], extras);

const IMAGE = { kind: 'image', mimetype: 'image/png', sizeBytes: 3, fileName: undefined } as const;

test('a context tells who wrote what and where, free of control characters', async () => {
  let seen: object = {};
  const { bot } = doing((ctx) => {
    const { sender, chat, isGroup, isOwner, text, usage, args } = ctx;
    seen = { sender, chat, isGroup, isOwner, text, usage, args: { ...(args as object) } };
  });
  await bot.handle(
    incoming('!do  this\u0007 now ', { chat: GROUP, sender: { ...BEN, name: 'Ben\u202e\u0000' } }),
  );
  expect(seen).toEqual({
    sender: { ...BEN, name: 'Ben' },
    chat: GROUP,
    isGroup: true,
    isOwner: false,
    text: 'this now',
    usage: '!do',
    args: {},
  });
});

test('each way to answer sends its content in order, under an id of its own', async () => {
  const { bot, messenger } = doing(async (ctx) => {
    await ctx.reply('quoted');
    await ctx.send({ image: new Uint8Array([1]), caption: 'plain' });
    await ctx.react('👍');
    await ctx.poll('Lunch?', ['pizza', 'soup'], 2);
  });
  const message = incoming('!do');
  await bot.handle(message);
  expect(messenger.sent.map(({ content, quote }) => [content.kind, quote === message])).toEqual([
    ['text', true],
    ['image', false],
    ['reaction', false],
    ['poll', false],
  ]);
  expect(new Set(messenger.sent.map(({ id }) => id)).size).toBe(4);
  expect(messenger.sent[2]?.content).toEqual({ kind: 'reaction', emoji: '👍', to: message });
});

test('a person who is mentioned in a text is notified, others are not', async () => {
  const { bot, messenger } = doing(async (ctx) => {
    const ben = ctx.mention(ctx.sender);
    ctx.mention({ jid: '15551230009:3@s.whatsapp.net' });
    await ctx.reply(`${ben}, hello`);
    await ctx.send('nobody');
  });
  await bot.handle(incoming('!do', { sender: BEN, chat: GROUP }));
  expect(messenger.sent.map(({ content }) => content)).toEqual([
    { kind: 'text', text: '@7002, hello', mentions: ['7002@lid'] },
    { kind: 'text', text: 'nobody' },
  ]);
});

test('media() gives the file of the message, else of the quoted message, else undefined', async () => {
  const seen: unknown[] = [];
  const { bot, messenger } = doing(async (ctx) => void seen.push(await ctx.media()));
  messenger.file = new Uint8Array([1, 2, 3]);
  await bot.handle(incoming('!do', { media: IMAGE }));
  await bot.handle(incoming('!do', { quotedMedia: { ...IMAGE, fileName: 'a.png' } }));
  await bot.handle(incoming('!do'));
  const bytes = messenger.file;
  expect(seen).toEqual([
    { kind: 'image', mimetype: 'image/png', fileName: undefined, bytes },
    { kind: 'image', mimetype: 'image/png', fileName: 'a.png', bytes },
    undefined,
  ]);
});

test.each<
  [
    sentence: string,
    claimed: number | undefined,
    file: Uint8Array | ((signal: AbortSignal) => Promise<Uint8Array>),
    told: string,
  ]
>([
  ['claims to be too large', 9_000_000, new Uint8Array(1), phrases.fileTooLarge(8)],
  ['is larger than it claims', 3, new Uint8Array(9_000_000), phrases.fileTooLarge(8)],
  ['takes for ever', undefined, () => new Promise(() => undefined), phrases.fileTooSlow],
  [
    'takes for ever, and says in its own way that it was given up',
    undefined,
    (signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new AppError('MEDIA_REFUSED', 'cut'))),
      ),
    phrases.fileTooSlow,
  ],
  ['is gone', 3, () => Promise.reject(new AppError('MEDIA_REFUSED', 'internal detail')), phrases.fileGone],
])('a person is told of media that %s, and nothing is logged', async (_sentence, sizeBytes, file, told) => {
  const { bot, clock, messenger, log } = doing(async (ctx) => void (await ctx.media()));
  messenger.file = file;
  const handled = bot.handle(incoming('!do', { media: { ...IMAGE, sizeBytes } }));
  await clock.advance(30_000);
  expect(await handled).toBe('done');
  expect(messenger.texts).toEqual([told]);
  expect(log.of('error')).toEqual([]);
  await bot.stop();
  expect(clock.sleeping).toBe(0);
});

test('at most four handlers have files in memory, and waiting for a slot does not count as handler time', async () => {
  let atWork = 0;
  let most = 0;
  const { bot, clock, messenger, log } = doing(async (ctx) => {
    await ctx.media();
    atWork += 1;
    most = Math.max(most, atWork);
    await ctx.media();
    await clock.sleep(50_000, ctx.signal);
    atWork -= 1;
    await ctx.reply('done');
    void ctx.media();
  });
  messenger.file = Buffer.from('abc');
  const people = Array.from({ length: 14 }, (_, n) => ({ ...ANNA, id: `${n}`, jid: `${n}@s.whatsapp.net` }));
  const handled = people.map((sender) => bot.handle(incoming('!do', { sender, media: IMAGE })));
  await clock.advance(99_999);
  expect([atWork, messenger.sent.length]).toEqual([4, 4]);
  await clock.advance(100_001);
  expect(await Promise.all(handled)).toEqual(people.map(() => 'done'));
  expect([most, messenger.sent.length]).toEqual([4, 14]);
  expect(log.lines).toEqual([]);
});

test('a handler that is cut off while it waits for a slot takes no slot', async () => {
  const { bot, clock, messenger } = doing(async (ctx) => void (await ctx.media()));
  messenger.file = () => new Promise(() => undefined);
  const people = Array.from({ length: 6 }, (_, n) => ({ ...ANNA, id: `${n}`, jid: `${n}@s.whatsapp.net` }));
  const handled = people.map((sender) => bot.handle(incoming('!do', { sender, media: IMAGE })));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(await Promise.all(handled)).toEqual(people.map(() => 'unfinished'));
  expect(clock.sleeping).toBe(0);
});

test('a file of exactly the largest size is accepted, and an error while fetching is logged as a fault', async () => {
  const { bot, messenger, log } = doing(async (ctx) => void (await ctx.media({ maxBytes: 3 })));
  messenger.file = new Uint8Array(3);
  await bot.handle(incoming('!do', { media: { ...IMAGE, sizeBytes: 3 } }));
  expect(messenger.texts).toEqual([]);
  messenger.file = () => Promise.reject(new TypeError('a bug'));
  await bot.handle(incoming('!do', { media: IMAGE }));
  expect(messenger.texts).toEqual([phrases.failed]);
  expect(log.of('error')).toMatchObject([{ facts: { err: { name: 'TypeError' } } }]);
});

test('group() gives the facts of a group, and undefined in a direct chat', async () => {
  const subjects: unknown[] = [];
  const { bot, messenger } = doing(async (ctx) => void subjects.push((await ctx.group())?.subject));
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'friends', members: [] });
  await bot.handle(incoming('!do', { chat: GROUP }));
  await bot.handle(incoming('!do'));
  expect(subjects).toEqual(['friends', undefined]);
});

test('the members of a group have names if they have written, and the bot is marked with its own', async () => {
  let members: unknown;
  const look = command({
    name: 'look',
    summary: 's',
    run: async (ctx) => {
      members = (await ctx.group())?.members;
    },
  });
  const { bot, messenger } = makeBot([look], { settings: { ownName: () => 'Botty' } });
  const [anna, ben, me] = [
    { id: ANNA.id, jid: ANNA.jid, isAdmin: false },
    { id: BEN.id, jid: BEN.jid, isAdmin: false },
    { id: 'lid:9000', jid: '9000@lid', isAdmin: true },
  ];
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'friends', members: [anna, ben, me] });
  await bot.handle(incoming('!look', { chat: GROUP, sender: BEN }));
  expect(members).toEqual([anna, { ...ben, name: 'Ben' }, { ...me, name: 'Botty', isMe: true }]);
});

test('an admin command runs for admins, is refused to members, and is refused in a direct chat', async () => {
  const lock = command({
    name: 'lock',
    summary: 'locks',
    access: 'admins',
    run: (ctx) => ctx.reply('locked'),
  });
  const { bot, messenger } = makeBot([lock]);
  const members = [{ id: 'lid:7002', jid: '7002@lid', isAdmin: true }];
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'x', members });
  await bot.handle(incoming('!lock', { chat: GROUP, sender: BEN }));
  await bot.handle(incoming('!lock', { chat: GROUP }));
  await bot.handle(incoming('!lock'));
  expect(messenger.texts).toEqual(['locked', phrases.adminsOnly, phrases.groupsOnly]);
});

test('an owner may use an admin command, and WhatsApp is not asked for the admins', async () => {
  const lock = command({ name: 'lock', summary: 's', access: 'admins', run: (ctx) => ctx.reply('locked') });
  const { bot, messenger } = makeBot([lock], { settings: { ownerNumbers: ['15551230001'] } });
  await bot.handle(incoming('!lock', { chat: GROUP }));
  expect(messenger.texts).toEqual(['locked']);
});

test('later() refuses a text that is too long', async () => {
  const { bot, clock, messenger } = doing((ctx) =>
    ctx.later(0, 'x'.repeat(ctx.text === 'more' ? 4_001 : 4_000)),
  );
  await bot.start();
  await bot.handle(incoming('!do more'));
  expect(messenger.texts).toEqual([phrases.textTooLong(4_000)]);
  await bot.handle(incoming('!do'));
  await clock.advance(0);
  expect(messenger.texts[1]).toBe('x'.repeat(4_000));
});

test('the person gets the text of a refusal, and nothing is logged', async () => {
  const { bot, messenger, log } = doing(() => {
    throw new Refusal('Not on a Sunday.');
  });
  expect(await bot.handle(incoming('!do'))).toBe('done');
  expect(messenger.texts).toEqual(['Not on a Sunday.']);
  expect(log.lines).toEqual([]);
  expect(bot.stats).toMatchObject({ answered: 1, failed: 0 });
});

test('middleware runs around every command', async () => {
  const trace: string[] = [];
  const { bot } = doing(() => void trace.push('run'), {
    middleware: [
      async (ctx, next) => {
        trace.push(`before ${ctx.command.name}`);
        await next();
        trace.push('after');
      },
    ],
  });
  await bot.handle(incoming('!do'));
  expect(trace).toEqual(['before do', 'run', 'after']);
});

test('a log line of a command names it and the message, and no person', async () => {
  const { bot, log } = doing((ctx) => ctx.log.info({ step: 1 }, 'a step was taken'));
  const message = incoming('!do');
  await bot.handle(message);
  expect(log.lines).toEqual([
    { level: 'info', facts: { command: 'do', messageId: message.id, step: 1 }, line: 'a step was taken' },
  ]);
});

test('a reminder notifies the people whom it mentions', async () => {
  const { bot, clock, messenger } = doing((ctx) =>
    ctx.later(60_000, `call ${ctx.mention({ jid: '15551230009@s.whatsapp.net' })}`),
  );
  await bot.start();
  await bot.handle(incoming('!do', { sender: BEN, chat: GROUP }));
  await clock.advance(60_000);
  expect(messenger.sent.map(({ content }) => content)).toEqual([
    {
      kind: 'text',
      text: '@7002 call @15551230009',
      mentions: ['15551230009@s.whatsapp.net', '7002@lid'],
    },
  ]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('later() refuses a delay of %d ms', async (delayMs) => {
  const { bot, storage, log } = doing((ctx) => ctx.later(delayMs, 'never'));
  await bot.handle(incoming('!do'));
  expect(log.of('error')).toMatchObject([{ facts: { err: { name: 'RangeError' } } }]);
  expect(storage.table('reminders').size).toBe(0);
});
