import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { phrases } from '../../src/bot/phrases.ts';
import { type BotOptions, type CreatedBot, command, createBot, listener, Refusal } from '../../src/index.ts';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';
import { copyFolder, makeFolder } from './support/folder.ts';
import { pairedOnce } from './support/rig.ts';

let wa: TestWhatsApp;
let folder = '';
let bot: CreatedBot | undefined;
let log = '';

beforeEach(async () => {
  wa = await startWhatsApp({ deadlineMs: 15_000 });
  folder = makeFolder();
  log = '';
});

afterEach(async () => {
  await bot?.stop();
  await wa.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A bot that is online. It was linked earlier, unless `isNew`. */
async function startBot(
  options: BotOptions,
  isNew = false,
): Promise<{ bot: CreatedBot; ended: Promise<unknown> }> {
  if (!isNew) {
    const once = await pairedOnce();
    wa.simulator.adoptAccount(once.wa);
    copyFolder(once.folder, join(folder, 'session'));
  }
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
  if (isNew) await wa.bot.pairFromPng(join(folder, 'session', 'qr-code.png'));
  else await wa.bot.online();
  return { bot: made, ended };
}

test('a bot from createBot runs its commands, listeners and middleware, and the built-in commands', async () => {
  const seen: string[] = [];
  await startBot(
    {
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
    },
    true,
  );
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

test('a handler knows the account of the bot: number, LID and name', async () => {
  const whoAmI = command({ name: 'whoami', summary: 's', run: (ctx) => ctx.reply(JSON.stringify(ctx.me)) });
  await startBot({ commands: whoAmI }, true);
  const { number, lid, name } = wa.phone;
  const anna = wa.person('Anna');
  await vi.waitFor(
    async () => {
      await anna.says('!whoami');
      const { text = '' } = await anna.hears();
      expect(JSON.parse(text)).toEqual({ number, lid, name });
    },
    // The phone tells the name a moment after the pairing.
    { timeout: 10_000 },
  );
});

/** A step that says its name before and after what it is around. */
const around = (name: string, more = ''): string => `export default async (ctx, next) => {
  globalThis.steps.push('${name}');
  await next();
  globalThis.steps.push('/${name}');
};${more}`;

test('middleware from the setting and from createBot runs around commands and listeners alike, and is loaded again', async () => {
  const steps: string[] = [];
  vi.stubGlobal('steps', steps);
  onTestFinished(() => void vi.unstubAllGlobals());
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'first.mjs'), around('first'));
  writeFileSync(join(folder, 'other.mjs'), 'throw new Error("not named, so not loaded");');
  writeFileSync(join(folder, 'more/b.mjs'), around('b'));
  writeFileSync(join(folder, 'more/a.mjs'), around('a'));
  await startBot({
    reload: true,
    settings: { middleware: [join(folder, 'first.mjs'), join(folder, 'more')] },
    middleware: async (ctx, next) => {
      steps.push(`own ${ctx.text}`);
      await next();
    },
    listeners: listener({ on: 'message', text: 'thanks', run: (ctx) => ctx.send('You are welcome.') }),
  });
  const all = (own: string) => ['first', 'a', 'b', `own ${own}`, '/b', '/a', '/first'];
  const anna = wa.person('Anna');
  await anna.says('!ping now');
  await anna.hears(/pong|Usage/);
  await vi.waitFor(() => expect(steps).toEqual(all('now')));
  steps.length = 0;
  await anna.says('many thanks');
  await anna.hears('You are welcome.');
  await vi.waitFor(() => expect(steps).toEqual(all('many thanks')));

  writeFileSync(join(folder, 'first.mjs'), around('newer'));
  await vi.waitFor(() => expect(log).toMatch(/"file":"[^"]*first\.mjs","change":"loaded"/), {
    timeout: 10_000,
  });
  steps.length = 0;
  await anna.says('!ping');
  await anna.hears('pong');
  await vi.waitFor(() => expect(steps[0]).toBe('newer'));
  rmSync(join(folder, 'more/a.mjs'));
  await vi.waitFor(() => expect(log).toMatch(/"file":"[^"]*a\.mjs","change":"removed"/), { timeout: 10_000 });
  writeFileSync(join(folder, 'first.mjs'), around('broken', 'const = 1;'));
  await vi.waitFor(() => expect(log).toMatch(/"file":"[^"]*first\.mjs"[^\n]*"change":"failed"/), {
    timeout: 10_000,
  });
  steps.length = 0;
  await anna.says('!ping');
  await anna.hears('pong');
  await vi.waitFor(() => expect(steps).toEqual(['newer', 'b', 'own ', '/b', '/newer']));
});

test.each<[what: string, code: string | undefined, named: RegExp]>([
  ['is not there', undefined, /gate\.mjs/],
  ['exports no function', 'export default { allow: true };', /gate\.mjs/],
  ['throws', 'throw new Error("no database");', /gate\.mjs.*no database/],
])(
  'a bot whose middleware %s does not start, because the step may decide who may use it',
  async (_, code, named) => {
    const gate = join(folder, 'gate.mjs');
    if (code !== undefined) writeFileSync(gate, code);
    for (const options of [{ settings: { middleware: gate } }, { middleware: [gate] }]) {
      const made = createBot({ ...options, output: { write: () => undefined } });
      const start = made.start();
      await expect(start).rejects.toThrow(named);
      await expect(start).rejects.toMatchObject({ code: 'BAD_CONFIG', exitCode: 78 });
      await made.stop();
    }
  },
);

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
  expect([...log.matchAll(/"replaces":"(\w+)"/g)].map(([, name]) => name).sort()).toEqual(['help', 'ping']);
  expect(log).toMatch(/"level":"warn".*"name":"stiker","meant":"sticker"/);
});

test('a program sends messages through its bot; the same key is the same message', async () => {
  const anna = wa.person('Anna');
  const { bot: made, ended } = await startBot({ settings: { mayWriteTo: [anna.number] } });
  const first = await made.send(`+${anna.number}`, 'Your parcel is here.', { key: 'parcel 7' });
  await anna.hears('Your parcel is here.');
  const again = await made.send(`+${anna.number}`, 'Your parcel is here.', { key: 'parcel 7' });
  expect(again.id).toBe(first.id);
  await expect(made.send('somebody', 'hello')).rejects.toThrow(phrases.badAddress);
  const ben = wa.person('Ben');
  const unmet = { code: 'SEND_REFUSED', message: expect.stringContaining('MAY_WRITE_TO') };
  await expect(made.send(ben.number, 'hello')).rejects.toMatchObject(unmet);
  await ben.says('!ping');
  await ben.hears('pong');
  await made.send(ben.number, 'hello');
  await ben.hears('hello');
  await made.stop();
  await expect(ended).resolves.toEqual({ kind: 'asked' });
  await expect(made.send(anna.number, 'late')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
});

test('a bot that is stopped before it starts never connects, and createBot throws if a setting is wrong', async () => {
  const early = createBot({ output: { write: () => undefined } });
  await early.stop();
  await expect(early.start()).resolves.toEqual({ kind: 'asked' });
  expect(() => createBot({ settings: { logLevel: 'loud' } })).toThrow(
    expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('LOG_LEVEL') }),
  );
});
