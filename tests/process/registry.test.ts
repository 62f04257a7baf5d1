import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWhatsApp } from '../../src/testing.ts';
import { makeFolder } from '../integration/support/folder.ts';
import { BotProcess } from './support/bot.ts';
import { KEPT_VERSIONS, writeKeptProject } from './support/kept-projects.ts';
import { ROOT } from './support/program.ts';

/** The oldest of the range of peers; every other test runs with the newest. */
const OLDEST_BAILEYS = '7.0.0-rc13';
/** One of each major version; the project itself has the newest of 5, and this repository has 7. */
const COMPILERS = { oldest: '5.0.4', six: '6' };

/** Uses each entry, as projects do. */
const USE = `import { command, createBot, duration, listener, optional, Refusal, rest, type Phrases } from 'perennial-whatsapp';
import { durableSocketConfig, useDurableAuthState } from 'perennial-whatsapp/auth-state';
import { WhatsAppClient } from 'perennial-whatsapp/client';
import { startWhatsApp, type TestWhatsApp } from 'perennial-whatsapp/testing';
import makeWASocket from '@whiskeysockets/baileys';

const tea = command({
  name: 'tea',
  summary: 's',
  args: { after: duration(), what: optional(rest()) },
  async run(ctx) {
    const after: number = ctx.args.after;
    const what: string | undefined = ctx.args.what;
    if (after > 5) throw new Refusal(what ?? 'x');
    await ctx.reply({ image: new Uint8Array() });
  },
});
const heard = listener({ on: 'message', run: (ctx) => ctx.reply(ctx.message.text) });
const phrases: Partial<Phrases> = { failed: 'x', tooSoon: (time) => time };
export async function all(): Promise<void> {
  const session = await useDurableAuthState('./x');
  makeWASocket(durableSocketConfig(session));
  const wa: TestWhatsApp = await startWhatsApp();
  await wa.stop();
  const bot = createBot({ commands: [tea], listeners: [heard], phrases });
  await bot.stop();
  console.log(new WhatsAppClient('./x').state);
}
`;

// `npm test` works without a network, so that .ci/run asks for this.
describe.runIf(process.env.REGISTRY === '1')('a project of an earlier version', () => {
  let folder = '';

  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });

  /** One installation for all tests of this file: it takes the new tarball, as an update does. */
  beforeAll(() => {
    folder = join(makeFolder(), 'my-bot');
    mkdirSync(folder);
    writeKeptProject(KEPT_VERSIONS[0] ?? '', 'ts', folder);
    const options = { cwd: ROOT, encoding: 'utf8' } as const;
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', folder], options),
    ) as [{ filename: string }];
    run(
      'npm',
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      `./${packed.filename}`,
      `@whiskeysockets/baileys@${OLDEST_BAILEYS}`,
      ...Object.entries(COMPILERS).map(([name, version]) => `typescript-${name}@npm:typescript@${version}`),
    );
  }, 240_000);

  afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 }));

  test('has one copy of Baileys, the oldest of the range', () => {
    const versions = readFileSync(join(folder, 'package-lock.json'), 'utf8').match(
      /"(?:[^"]*\/)?node_modules\/@whiskeysockets\/baileys": \{\s*"version": "[^"]+"/g,
    );
    expect(versions).toEqual([expect.stringContaining(OLDEST_BAILEYS)]);
  });

  test('passes its own test', () => {
    expect(run('npm', 'test')).toMatch(/fail 0/);
  }, 120_000);

  test.each(['typescript', 'typescript-oldest', 'typescript-six', join(ROOT, 'node_modules/typescript')])(
    'compiles with %s, and so does code that uses each entry',
    (compiler) => {
      // The oldest compiler does not know es2023, which is in the project's own settings.
      const settings = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8')) as {
        compilerOptions: object;
      };
      const older = { ...settings, compilerOptions: { ...settings.compilerOptions, target: 'es2022' } };
      writeFileSync(join(folder, 'tsconfig.older.json'), JSON.stringify(older));
      writeFileSync(join(folder, 'commands/use.ts'), USE);
      const found = compiler.includes('/') ? compiler : join('node_modules', compiler);
      try {
        expect(run(process.execPath, join(found, 'bin/tsc'), '-p', 'tsconfig.older.json')).toBe('');
      } finally {
        rmSync(join(folder, 'commands/use.ts'));
      }
    },
    60_000,
  );

  test('starts and answers', async () => {
    const wa = await startWhatsApp({ deadlineMs: 30_000 });
    const bot = new BotProcess({
      command: [process.execPath, 'node_modules/perennial-whatsapp/dist/cli/main.js', 'start'],
      cwd: folder,
      env: { ...wa.env(), TYPING_DELAY_MS: '0' },
    });
    try {
      await wa.bot.pairFromPng(join(folder, 'sessions/qr-code.png'));
      const anna = wa.person('Anna');
      await anna.says('!ping');
      await anna.hears('pong');
      expect((await bot.stop()).code).toBe(0);
    } finally {
      await bot.kill();
      await wa.stop();
    }
  }, 90_000);
});
