import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { phrases, replacePhrases } from '../../../src/bot/phrases.ts';
import help from '../../../src/commands/help.ts';
import id from '../../../src/commands/id.ts';
import poll from '../../../src/commands/poll.ts';
import remind from '../../../src/commands/remind.ts';
import status from '../../../src/commands/status.ts';
import sticker from '../../../src/commands/sticker.ts';
import { BEN, GROUP, incoming, makeBot } from './fakes.ts';

const english = { ...phrases };
const names = Object.keys(english) as Array<keyof typeof english>;
const mark = (name: string): string => `«${name}»`;

beforeEach(() => {
  const marked = names.map((name) => [
    name,
    typeof english[name] === 'string' ? mark(name) : () => mark(name),
  ]);
  replacePhrases(Object.fromEntries(marked));
});

afterEach(() => replacePhrases(english));

const big = { kind: 'image', mimetype: 'image/png', sizeBytes: 1e9, fileName: undefined } as const;
const owner = { isFromMe: true };

test.each<[text: string, phrase: keyof typeof english, given?: Parameters<typeof incoming>[1]]>([
  ['!help', 'helpList'],
  ['!help id', 'helpOne'],
  ['!help nothing', 'noSuchCommand'],
  ['!id', 'identity'],
  ['!status', 'status', owner],
  ['!status', 'ownersOnly'],
  ['!remind', 'usage'],
  ['!remind 20m tea', 'reminderKept'],
  ['!remind 0s tea', 'usage'],
  ['!poll', 'usage'],
  [`!poll ${'q'.repeat(300)} | a | b`, 'pollQuestionTooLong'],
  [`!poll q | ${'a'.repeat(101)} | b`, 'pollOptionTooLong'],
  ['!poll q | a | a', 'pollOptionsEqual'],
  ['!sticker', 'stickerNeedsPicture'],
  ['!sticker', 'fileTooLarge', { media: big }],
  ['!nothing', 'unknownCommand'],
  ['!boom', 'failed'],
  ['!stranger', 'stranger'],
  ['!nowhere', 'badAddress'],
  ['!rename', 'groupsOnly'],
  ['!rename', 'botNoAdmin', { chat: GROUP, sender: BEN }],
  ['!long', 'textTooLong'],
  ['!far', 'reminderTooFar'],
])('%s is answered with nothing but the phrase %s', async (text, phrase, given) => {
  const run = {
    boom: () => {
      throw new Error('x');
    },
    stranger: (ctx) => ctx.sendTo('15550299999', 'x'),
    nowhere: (ctx) => ctx.sendTo('nowhere', 'x'),
    rename: (ctx) => ctx.admin.rename('Garden'),
    long: (ctx) => ctx.later(1_000, 'x'.repeat(10_000)),
    far: (ctx) => ctx.later(400 * 86_400_000, 'x'),
  } satisfies Record<string, Parameters<typeof command>[0]['run']>;
  const own = Object.entries(run).map(([name, one]) => command({ name, summary: 's', run: one }));
  const { bot, messenger } = makeBot([help, id, poll, remind, status, sticker, ...own]);
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'x', members: [] });
  await bot.start();
  await bot.handle(incoming(text, given));
  expect(messenger.texts).toEqual([mark(phrase)]);
  await bot.stop();
});

test('no file of the bot except the phrases has a sentence for people', () => {
  const root = join(import.meta.dirname, '../../../src');
  const files = ['bot', 'commands'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('phrases.ts'))
      .map((name) => join(root, folder, name)),
  );
  // A text of two words or more in a refusal or an answer.
  const sentence = /(?:Refusal|reply|send|notify|hint|super)\(\s*(['"`])[^'"`\n]*\w \w/;
  const found = files.filter((file) => {
    const code = readFileSync(file, 'utf8');
    return sentence.test(code) && !/class \w+ extends (?:Error|AppError)/.test(code);
  });
  expect(found).toEqual([]);
  expect(files.length).toBeGreaterThan(50);
});
