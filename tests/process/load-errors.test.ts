import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copySources, ROOT } from './support/program.ts';
import { program, stage, useStage } from './support/stage.ts';

useStage();

const FILES: ReadonlyArray<readonly [name: string, line: number, code: string]> = [
  ['a module.mjs', 2, "import 'node:fs';\nexport default { name: 'x' summary: 's' };\n"],
  ['b.js', 5, '// one\n// two\nexport const run = (ctx => {\n\n'],
  ['c.cjs', 3, 'module.exports = {\n  name: 1,\n  summary 2,\n};\n'],
  ['d.mjs', 2, "\nimport { nothing } from 'node:fs';\n"],
  ['e.ts', 3, "type A = 'a';\nconst a: A = 'a';\nexport default { a b };\n"],
];

function makeProject(files: ReadonlyArray<readonly [name: string, code: string]>): string {
  const project = join(stage.root, 'Mein Böt');
  mkdirSync(join(project, 'commands'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  for (const [name, code] of files) writeFileSync(join(project, name), code);
  return project;
}

const command = (...options: string[]) =>
  [process.execPath, join(program.folder, 'dist/main.js'), '--project', '.', ...options] as const;

// A start without --reload loads the files by the same function; the last test of this file has one.
it('each file with a syntax error is named with its line by dev', async () => {
  const cwd = makeProject(FILES.map(([name, , code]) => [`commands/${name}`, code]));
  const bot = await stage.start({}, { command: command('--reload'), cwd });
  await bot.said('QR Code received');
  const output = decodeURI(bot.output);
  for (const [name, line] of FILES) expect(output).toContain(`/commands/${name}:${line}:`);
  expect(output.match(/^\[ERROR\] .* file=.* problem=/gm)).toHaveLength(FILES.length);
  expect((await bot.stop()).code).toBe(0);
});

it('each file with a syntax error is named with its line when it is loaded, and when it is loaded again', () => {
  const cwd = makeProject(FILES.map(([name, , code]) => [`commands/${name}`, code]));
  // Only the part of the program that loads files, which is the same for each version of a file.
  const code = `import { loadFile } from './dist/bot/loading/load-commands.js';
    const target = { what: 'command', set() {}, delete() {} };
    for (const path of process.argv.slice(1))
      for (const version of [0, 1]) console.log((await loadFile(path, target, version))?.problem);`;
  const paths = FILES.map(([name]) => join(cwd, 'commands', name));
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code, ...paths];
  const output = execFileSync(process.execPath, args, { cwd: program.folder, encoding: 'utf8' });
  const named = [...decodeURI(output).matchAll(/^.*?(\/commands\/[^:]+:\d+):/gm)].map(([, place]) => place);
  const wanted = FILES.map(([name, line]) => `/commands/${name}:${line}`);
  expect(named).toEqual(wanted.flatMap((place) => [place, place]));
});

it.each([
  ['export default { failed: "Ach" ', /phrases\.mjs:2: Unexpected end of input\.$/],
  ['throw new Error("no words today");', /no words today\.$/],
  ["import 'no-such-package';", /Cannot find package 'no-such-package'/],
])('phrases that cannot be loaded end the program with 78 and a sentence: %s', async (code, problem) => {
  const cwd = makeProject([['phrases.mjs', `${code}\n`]]);
  const bot = await stage.start({}, { command: command(), cwd });
  expect(await bot.exit()).toMatchObject({ code: 78 });
  expect(bot.output.trim()).toMatch(/^.* \/.*phrases\.mjs .*$/);
  expect(bot.output.trim()).toMatch(problem);
});

it('a command in src/commands of any kind of file is in the built program, and a broken one is named by it', async () => {
  const clone = join(stage.root, 'clone');
  mkdirSync(clone);
  copySources(clone);
  cpSync(join(ROOT, 'tools'), join(clone, 'tools'), { recursive: true });
  cpSync(join(ROOT, 'tsconfig.build.json'), join(clone, 'tsconfig.build.json'));
  for (const [name, from] of [
    ['aus-js.js', 'js'],
    ['aus-mjs.mjs', 'ts'],
    ['aus-ts.ts', 'ts'],
  ] as const) {
    const word = name.split('.')[0];
    const code = `import { command } from '../bot/command.${from}';
export default command({ name: '${word}', summary: 's', run: (ctx) => ctx.reply('${word}!') });\n`;
    writeFileSync(join(clone, 'src/commands', name), code);
  }
  writeFileSync(join(clone, 'src/commands/kaputt.js'), '\nexport default { a b };\n');
  execFileSync(process.execPath, ['tools/build.mjs', '--no-types'], { cwd: clone });
  const bot = await stage.pair({}, { cwd: clone });
  expect(decodeURI(bot.output)).toContain('/commands/kaputt.js:2: ');
  const anna = stage.wa.addPerson();
  for (const word of ['aus-js', 'aus-mjs', 'aus-ts']) {
    await anna.send(`!${word}`);
    await anna.waitForMessage(({ text }) => text === `${word}!`, 20_000);
  }
  await bot.stop();
}, 90_000);
