import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './support/program.ts';
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

it.each([
  ['start', []],
  ['dev', ['--reload']],
])('each file with a syntax error is named with its line by %s', async (_name, options) => {
  const cwd = makeProject(FILES.map(([name, , code]) => [`commands/${name}`, code]));
  const bot = await stage.start({}, { command: command(...options), cwd });
  await bot.said('QR Code received');
  const output = decodeURI(bot.output);
  for (const [name, line] of FILES) expect(output).toContain(`/commands/${name}:${line}:`);
  expect(output.split('a command could not be loaded')).toHaveLength(FILES.length + 1);
  expect((await bot.stop()).code).toBe(0);
});

it.each([
  ['export default { failed: "Ach" ', /phrases\.mjs:2: Unexpected end of input\.$/],
  ['throw new Error("no words today");', /no words today\.$/],
  ["import 'no-such-package';", /Cannot find package 'no-such-package'/],
])('phrases that cannot be loaded end the program with 78 and a sentence: %s', async (code, problem) => {
  const cwd = makeProject([['phrases.mjs', `${code}\n`]]);
  const bot = await stage.start({}, { command: command(), cwd });
  expect(await bot.exit()).toMatchObject({ code: 78 });
  expect(bot.output.trim()).toMatch(/^The phrases in \/.*phrases\.mjs cannot be loaded: .*$/);
  expect(bot.output.trim()).toMatch(problem);
});
