import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startWhatsApp } from '../../src/testing.ts';
import { makeFolder } from '../integration/support/folder.ts';
import { BotProcess } from './support/bot.ts';
import { KEPT_VERSIONS, writeKeptProject } from './support/kept-projects.ts';
import './support/build-once.ts';
import { ROOT } from './support/program.ts';

/** The package as npm packs it, in a `node_modules` beside the packages that it needs. */
let folder = '';
let packed: string[] = [];

/** What is published, and what must not be. */
const IN_CLONE = [
  ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'deploy', 'docs'],
  ...['src', 'tests', 'bench', 'tools'],
];

beforeAll(() => {
  folder = makeFolder();
  const clone = join(folder, 'clone');
  for (const name of IN_CLONE) cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  cpSync(inject('builtOnce').packaged, join(clone, 'dist'), { recursive: true });
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [report] = JSON.parse(execFileSync('npm', args, { cwd: clone, encoding: 'utf8' })) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = report.files.map(({ path }) => path);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  execFileSync('tar', ['-xzf', join(folder, report.filename), '-C', modules]);
  execFileSync('mv', [join(modules, 'package'), join(modules, 'perennial-whatsapp')]);
  for (const name of dependencies()) link(name);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What npm would install: the dependencies and Baileys, each once. */
function dependencies(): string[] {
  const { dependencies: own, peerDependencies } = JSON.parse(
    readFileSync(join(folder, 'node_modules/perennial-whatsapp/package.json'), 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  return [...Object.keys(own), ...Object.keys(peerDependencies)];
}

function link(name: string): void {
  const target = join(folder, 'node_modules', name);
  mkdirSync(join(target, '..'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), target);
}

const cli = (): string => join(folder, 'node_modules/perennial-whatsapp/dist/cli/main.js');

function perennial(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli(), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}

/** Runs the script of a project as npm does, without npm's start. */
function run(project: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
  });
  expect(`${stdout}${stderr}`.slice(status === 0 ? Infinity : 0)).toBe('');
  return stdout;
}

test('the package has what its entries need, and no tests, sources or bundle', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : [entry.types, entry.default],
  );
  expect(entries.filter((path) => !packed.includes(path.slice(2)))).toEqual([]);
  expect(packed.filter((path) => /^(src|tests|bench|tools)\/|chunks\/|\.test\./.test(path))).toEqual([]);
  expect(packed).toContain('dist/index.js.map');
  expect(packed).toContain('LICENSE');
  // The build that was packed is what this script makes, without the check of types.
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  expect(scripts).toMatchObject({ prepack: 'node tools/build.mjs --package' });
});

test('require() loads each entry as import does', async () => {
  const require = createRequire(join(folder, 'any.js'));
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object };
  const names = Object.keys(exports).filter((name) => !name.endsWith('.json'));
  const code = `for (const name of ${JSON.stringify(names)}) {
    const entry = require('perennial-whatsapp' + name.slice(1));
    if (Object.keys(entry).length === 0) throw new Error(name + ' is empty');
  }`;
  writeFileSync(join(folder, 'require.cjs'), code);
  run(folder, process.execPath, ['require.cjs']);
  expect(require.resolve('perennial-whatsapp')).toMatch(/dist\/index\.js$/);
});

test('the command perennial names the nearest right word, and ends with 78', () => {
  expect(perennial('strat')).toMatchObject({
    code: 78,
    output: expect.stringMatching(/^.* strat\b.* start\?\n\nUsage: perennial /),
  });
  expect(perennial('start', '--relod')).toMatchObject({
    code: 78,
    output: expect.stringContaining(' --reload?'),
  });
  expect(perennial('session', 'statsu')).toMatchObject({
    code: 78,
    output: expect.stringMatching(/ status\?\n\nUsage: perennial session/),
  });
  expect(perennial('demo', '--wach')).toMatchObject({
    code: 78,
    output: expect.stringMatching(/ --watch\?\n\nUsage: perennial demo /),
  });
});

test('perennial --help and --version end with 0', () => {
  expect(perennial('--help')).toMatchObject({ code: 0, output: expect.stringContaining('init FOLDER') });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(perennial('--version')).toEqual({ code: 0, output: `${version}\n` });
});

test('init writes a JavaScript project, asks nothing, and writes to no folder that has files', () => {
  expect(perennial('init', 'js-bot', '--js').code).toBe(0);
  const project = join(folder, 'js-bot');
  for (const name of [
    '.env.example',
    '.gitignore',
    'Dockerfile',
    'README.md',
    'commands/ping.js',
    'listeners/hello.js',
  ])
    expect(existsSync(join(project, name)), name).toBe(true);
  expect(perennial('init', 'js-bot')).toMatchObject({
    code: 78,
    output: expect.stringContaining('js-bot'),
  });
  expect(existsSync(join(project, 'commands/ping.ts'))).toBe(false);
});

test('the tests of JavaScript projects that this and each earlier init made pass with this package', () => {
  const kept = KEPT_VERSIONS.map((version) => `kept-${version}`);
  for (const [index, version] of KEPT_VERSIONS.entries()) {
    mkdirSync(join(folder, kept[index] ?? ''));
    writeKeptProject(version, 'js', join(folder, kept[index] ?? ''));
  }
  const projects = ['js-bot', ...kept];
  // One process for all, because most of its time is loading the packages.
  const imports = projects.map((project) => `import './${project}/tests/ping.test.js';\n`);
  writeFileSync(join(folder, 'tests-of-projects.mjs'), imports.join(''));
  const report = run(folder, process.execPath, ['--test-force-exit', 'tests-of-projects.mjs']);
  expect(report).toMatch(new RegExp(`^\\S pass ${projects.length}$`, 'm'));
});

test('init writes a TypeScript project that compiles, starts, and loads .ts, .js, .mjs and .cjs commands', async () => {
  expect(perennial('init', 'ts-bot').code).toBe(0);
  const project = join(folder, 'ts-bot');
  for (const name of ['tsx', 'typescript', '@types/node']) link(name);
  run(project, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')]);
  for (const ending of ['js', 'mjs', 'cjs']) {
    const [head, exported] =
      ending === 'cjs'
        ? ["const { command } = require('perennial-whatsapp')", 'module.exports =']
        : ["import { command } from 'perennial-whatsapp'", 'export default'];
    const code = `${head};
      ${exported} command({ name: 'say-${ending}', summary: 's', run: (ctx) => ctx.reply('from ${ending}') });`;
    writeFileSync(join(project, `commands/say-${ending}.${ending}`), code);
  }
  const wa = await startWhatsApp({ deadlineMs: 20_000 });
  const env = { ...wa.env(), TYPING_DELAY_MS: '0', SENDS_PER_MINUTE: '0' };
  const bot = new BotProcess({ command: [process.execPath, cli(), 'start'], cwd: project, env });
  try {
    await wa.bot.pairFromPng(join(project, 'sessions/qr-code.png'));
    const anna = wa.person('Anna');
    for (const [question, answer] of [
      ['!ping', 'pong'],
      ['!say-js', 'from js'],
      ['!say-mjs', 'from mjs'],
      ['!say-cjs', 'from cjs'],
    ] as const) {
      await anna.says(question);
      await anna.hears(answer);
    }
    expect(bot.output).toMatch(/\[INFO\] .* replaces=ping$/m);
    expect((await bot.stop()).code).toBe(0);
  } finally {
    await bot.kill();
    await wa.stop();
  }
});

test('the example of a library user compiles, answers, and ends at SIGTERM', async () => {
  const project = copyExample('library-bot');
  run(project, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')]);
  const wa = await startWhatsApp({ deadlineMs: 20_000 });
  const env = { ...wa.env(), TYPING_DELAY_MS: '0', SENDS_PER_MINUTE: '0' };
  const bot = new BotProcess({ command: [process.execPath, 'dist/bot.js'], cwd: project, env });
  try {
    await wa.bot.pairFromPng(join(project, 'sessions/qr-code.png'));
    const anna = wa.person('Anna');
    await anna.says('!tea 10m green tea');
    await anna.hears('I will tell you.');
    await anna.says('!counts');
    await anna.hears(/^tea: 1/);
    expect((await bot.stop('SIGTERM')).code).toBe(0);
  } finally {
    await bot.kill();
    await wa.stop();
  }
});

test('the example that tests a plain Baileys bot passes', () => {
  run(copyExample('test-of-a-bot'), process.execPath, ['--test', '--test-force-exit']);
});

test('the example of a Baileys bot with one line changed answers after a kill too', async () => {
  const project = copyExample('stock-bot');
  const wa = await startWhatsApp({ deadlineMs: 20_000 });
  const start = (): BotProcess =>
    new BotProcess({
      command: [process.execPath, 'bot.js'],
      cwd: project,
      env: { ...wa.env(), SHOW_QR_TEXT: '1' },
    });
  let bot = start();
  try {
    await bot.said('QR ');
    await wa.bot.pair(/^QR (.+)$/m.exec(bot.output)?.[1] ?? '');
    const anna = wa.person('Anna');
    await anna.says('!ping');
    await anna.hears('pong');
    await bot.kill();
    bot = start();
    await bot.said('open');
    await anna.says('!ping');
    await anna.hears('pong');
  } finally {
    await bot.kill();
    await wa.stop();
  }
});

function copyExample(name: string): string {
  cpSync(join(ROOT, 'examples', name), join(folder, name), { recursive: true });
  return join(folder, name);
}
