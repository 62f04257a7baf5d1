import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { phrases } from '../../../src/bot/phrases.ts';
import id from '../../../src/commands/id.ts';
import ping from '../../../src/commands/ping.ts';
import poll from '../../../src/commands/poll.ts';
import remind from '../../../src/commands/remind.ts';
import sticker from '../../../src/commands/sticker.ts';
import type { IncomingMedia } from '../../../src/core/messages/incoming-message.ts';
import { ANNA, BEN, GROUP, incoming, makeBot, START_MS } from '../bot/fakes.ts';

const IMAGE: IncomingMedia = { kind: 'image', mimetype: 'image/png', sizeBytes: 100, fileName: undefined };
const MINUTE = 60_000;

test('every command is shorter than sixty lines', async () => {
  const folder = join(import.meta.dirname, '../../../src/commands');
  for (const name of await readdir(folder)) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').length;
    expect(lines, name).toBeLessThan(60);
  }
});

test('!id tells a person with a LID what is known, and an owner that they are an owner', async () => {
  const { bot, messenger } = makeBot([id]);
  await bot.handle(incoming('!id', { sender: BEN, chat: GROUP }));
  await bot.handle(incoming('!id', { isFromMe: true }));
  expect(messenger.texts[0]).toBe(
    phrases.identity({ id: 'lid:7002', address: '7002@lid', chat: GROUP, isOwner: false }),
  );
  expect(messenger.texts[1]).toBe(
    phrases.identity({ id: `+${ANNA.id}`, address: ANNA.jid, chat: ANNA.jid, isOwner: true }),
  );
});

test.each<[text: string, afterMs: number, reminder: string]>([
  ['!remind 20m drink water', 20 * MINUTE, '⏰ drink water'],
  ['!remind me in 20 minutes to drink water', 20 * MINUTE, '⏰ drink water'],
  ['!Remind in 1 hour 30 min tea', 90 * MINUTE, '⏰ tea'],
])('!remind understands: %s', async (text, afterMs, reminder) => {
  const { bot, clock, messenger } = makeBot([remind]);
  await bot.start();
  await bot.handle(incoming(text));
  expect(messenger.texts).toEqual([phrases.reminderKept(phrases.duration(afterMs))]);
  await clock.advance(afterMs - 1);
  expect(messenger.sent).toHaveLength(1);
  await clock.advance(1);
  expect(messenger.texts[1]).toBe(reminder);
  await bot.stop();
});

test.each([['!remind'], ['!remind tea'], ['!remind 20m'], ['!remind 20 miles tea']])(
  '%s is answered with how it is used',
  async (text) => {
    const { bot, messenger } = makeBot([remind]);
    await bot.handle(incoming(text));
    expect(messenger.texts).toEqual([phrases.usage('!remind <20m> <text…>', '')]);
  },
);

test('a reminder counts from when it was asked for, mentions who asked in a group, and outlives a restart', async () => {
  const first = makeBot([remind]);
  await first.bot.start();
  const asked = { sender: BEN, chat: GROUP, sentAtMs: START_MS - 5 * MINUTE, expirationSeconds: 3_600 };
  await first.bot.handle(incoming('!remind 20m tea', asked));
  await first.bot.stop();
  const second = makeBot([remind], { storage: first.storage, clock: first.clock });
  await second.bot.start();
  await first.clock.advance(15 * MINUTE);
  expect(second.messenger.sent).toMatchObject([
    { chat: GROUP, content: { text: '@7002 ⏰ tea', mentions: ['7002@lid'] }, expirationSeconds: 3_600 },
  ]);
  expect(first.messenger.sent).toHaveLength(1);
});

test('a reminder whose command runs again after a crash comes once', async () => {
  const first = makeBot([remind]);
  await first.bot.start();
  const message = incoming('!remind 20m tea');
  first.messenger.onSend = () => new Promise(() => undefined);
  void first.bot.handle(message);
  await first.clock.advance(1);
  const second = makeBot([remind], { storage: first.storage });
  await second.bot.start();
  await second.bot.handle(message);
  await second.clock.advance(20 * MINUTE);
  expect(second.messenger.texts).toEqual([phrases.reminderKept(phrases.duration(20 * MINUTE)), '⏰ tea']);
});

test('a poll is asked with the question and options that were written', async () => {
  const { bot, messenger } = makeBot([poll]);
  await bot.handle(incoming('!poll Lunch? | pizza | soup'));
  expect(messenger.sent[0]?.content).toEqual({
    kind: 'poll',
    question: 'Lunch?',
    options: ['pizza', 'soup'],
    maxChoices: 1,
  });
});

test.each<[text: string, told: string]>([
  ['!poll Lunch?', phrases.usage('!poll <question> | …', '')],
  ['!poll Lunch? | a | a', phrases.pollOptionsEqual],
  [`!poll ${'q'.repeat(256)} | a | b`, phrases.pollQuestionTooLong(255)],
  [`!poll q${' | a'.repeat(13)}`, phrases.usage('!poll <question> | …', '')],
  [`!poll q | ${'a'.repeat(101)} | b`, phrases.pollOptionTooLong(100)],
])('a poll that WhatsApp would not show is refused: %s', async (text, told) => {
  const { bot, messenger, log } = makeBot([poll]);
  await bot.handle(incoming(text));
  expect(messenger.texts).toEqual([told]);
  expect(log.of('error')).toEqual([]);
});

test.each(['png', 'jpeg', 'webp', 'gif'] as const)('!sticker makes a sticker from a %s', async (format) => {
  const { bot, messenger } = makeBot([sticker, ping]);
  const create = { width: 300, height: 100, channels: 3 as const, background: 'red' };
  messenger.file = await sharp({ create }).toFormat(format).toBuffer();
  await bot.handle(incoming('!sticker', { media: IMAGE }));
  const content = messenger.sent[0]?.content;
  if (content?.kind !== 'sticker') throw new Error(`no sticker but ${messenger.texts[0]}`);
  expect(await sharp(content.data).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 });
});

test('!sticker makes an animated sticker of an animated picture', async () => {
  const { bot, messenger } = makeBot([sticker]);
  const frame = (red: number) =>
    sharp({ create: { width: 40, height: 20, channels: 4, background: { r: red, g: 0, b: 0, alpha: 1 } } })
      .png()
      .toBuffer();
  const frames = await Promise.all([0, 100, 200].map(frame));
  messenger.file = await sharp(frames, { join: { animated: true } })
    .gif({ delay: [90, 90, 90] })
    .toBuffer();
  await bot.handle(incoming('!sticker', { media: IMAGE }));
  const content = messenger.sent[0]?.content;
  if (content?.kind !== 'sticker') throw new Error(`no sticker but ${messenger.texts[0]}`);
  const { pages, width, pageHeight } = await sharp(content.data, { animated: true }).metadata();
  expect([pages, width, pageHeight]).toEqual([3, 512, 512]);
});

test('a photo with an EXIF orientation makes an upright sticker', async () => {
  const { bot, messenger } = makeBot([sticker]);
  const create = { width: 300, height: 100, channels: 3 as const, background: 'red' };
  messenger.file = await sharp({ create }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  await bot.handle(incoming('!sticker', { media: IMAGE }));
  const content = messenger.sent[0]?.content;
  if (content?.kind !== 'sticker') throw new Error(`no sticker but ${messenger.texts[0]}`);
  const { data } = await sharp(content.data).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const alphaAt = (x: number, y: number) => data[(y * 512 + x) * 4 + 3];
  expect([alphaAt(256, 5), alphaAt(5, 256)]).toEqual([255, 0]);
});

test.each<[sentence: string, file: Uint8Array, told: string]>([
  ['text that says it is an image', Buffer.from('not an image at all'), phrases.notAPicture],
  [
    'a drawing, which is a program',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    phrases.notAPicture,
  ],
  ['an image that is cut off', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), phrases.badPicture],
  ['an image of 56 million pixels', await blank(7_500), phrases.badPicture],
])('!sticker refuses %s', async (_sentence, file, told) => {
  const { bot, messenger, log } = makeBot([sticker]);
  messenger.file = file;
  expect(await bot.handle(incoming('!sticker', { media: IMAGE }))).toBe('done');
  expect(messenger.texts).toEqual([told]);
  expect(log.of('error')).toEqual([]);
});

test('!sticker refuses a message without an image', async () => {
  const { bot, messenger } = makeBot([sticker]);
  await bot.handle(incoming('!sticker'));
  expect(messenger.texts).toEqual([phrases.stickerNeedsPicture]);
});

/** A sound PNG, small as a file and large in memory. */
function blank(side: number): Promise<Uint8Array> {
  return sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
}
