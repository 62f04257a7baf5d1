import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BotOptions, type CreatedBot, command, createBot, listener, Refusal } from '../../src/index.ts';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';

let wa: TestWhatsApp;
let folder = '';
let bot: CreatedBot | undefined;
let log = '';

beforeEach(async () => {
  wa = await startWhatsApp({ deadlineMs: 15_000 });
  folder = mkdtempSync(join(tmpdir(), 'create-bot-'));
  log = '';
});

afterEach(async () => {
  await bot?.stop();
  await wa.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A bot that is linked and online. */
async function startBot(options: BotOptions): Promise<{ bot: CreatedBot; ended: Promise<unknown> }> {
  const made = createBot({
    ...options,
    settings: {
      sessionPath: join(folder, 'session'),
      waWebsocketUrl: wa.url,
      waRootKey: wa.simulator.rootKey,
      typingDelayMs: 0,
      logFormat: 'json',
      ...options.settings,
    },
    output: { write: (text) => (log += text) },
  });
  bot = made;
  const ended = made.start();
  await wa.bot.pairFromPng(join(folder, 'session', 'qr-code.png'));
  return { bot: made, ended };
}

test('a bot made of values runs its commands, listeners and middleware, and the built-in commands', async () => {
  const seen: string[] = [];
  await startBot({
    commands: [
      command({ name: 'echo', summary: 'says it again', run: (ctx) => ctx.reply(ctx.text) }),
      command({
        name: 'never',
        summary: 'refuses',
        run: () => {
          throw new Refusal('Not today.');
        },
      }),
    ],
    listeners: [listener({ on: 'message', text: 'thanks', run: (ctx) => ctx.send('You are welcome.') })],
    middleware: [
      async (ctx, next) => {
        seen.push(ctx.command.name);
        await next();
      },
    ],
  });
  const anna = wa.person('Anna');
  await anna.says('!echo hello');
  await anna.hears('hello');
  await anna.says('!never');
  await anna.hears('Not today.');
  await anna.says('many thanks');
  await anna.hears('You are welcome.');
  await anna.says('!ping');
  await anna.hears(/pong/i);
  expect(seen).toContain('echo');
});

test('commands of a folder win over built-in ones, and the log says so once', async () => {
  const own = `export default { name: 'ping', aliases: ['menu'], summary: 's', access: 'everyone', args: {},
    cooldownMs: 0, whenOpen: 'newest', run: (ctx) => ctx.reply('my own') };`;
  writeFileSync(join(folder, 'ping.mjs'), own);
  await startBot({ commands: folder, settings: { withoutCommands: ['poll', 'stiker'] } });
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.hears('my own');
  await anna.says('!menu');
  await anna.hears('my own');
  await anna.says('!help');
  await anna.hears(({ text = '' }) => text.includes('!sticker') && !text.includes('!poll'));
  expect(log.match(/of this project replaces/g)).toHaveLength(2);
  expect(log).toContain('which is no built-in command. Write sticker.');
});

test('a program sends messages through its bot; the same key is the same message', async () => {
  const { bot: made, ended } = await startBot({});
  const anna = wa.person('Anna');
  const first = await made.send(`+${anna.number}`, 'Your parcel is here.', { key: 'parcel 7' });
  await anna.hears('Your parcel is here.');
  const again = await made.send(`+${anna.number}`, 'Your parcel is here.', { key: 'parcel 7' });
  expect(again.id).toBe(first.id);
  await expect(made.send('somebody', 'hello')).rejects.toThrow('I cannot write to that address.');
  await made.stop();
  await expect(ended).resolves.toEqual({ kind: 'asked' });
  await expect(made.send(anna.number, 'late')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
});

test('a bot that is stopped before it starts never connects, and settings that are wrong are thrown', async () => {
  const early = createBot({ output: { write: () => undefined } });
  await early.stop();
  await expect(early.start()).resolves.toEqual({ kind: 'asked' });
  expect(() => createBot({ settings: { logLevel: 'loud' } })).toThrow(/LOG_LEVEL is "loud"/);
});
