import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { CommandRegistry } from '../../../../src/bot/loading/command-registry.ts';
import {
  commandTarget,
  isCommandFile,
  loadFile,
  loadFolder,
} from '../../../../src/bot/loading/load-commands.ts';
import { FakeLog } from '../fakes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commands-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What `command()` makes, written by hand: the folder of a test is no place to import TypeScript from. */
const file = (name: string, aliases: string[] = []) => `
  export default { name: '${name}', aliases: ${JSON.stringify(aliases)}, summary: 's', access: 'everyone',
    args: {}, cooldownMs: 0, run() {} };`;

test('each file in src/commands is one command that loads', async () => {
  const commands = join(import.meta.dirname, '../../../../src/commands');
  const registry = new CommandRegistry();
  const problems = await loadFolder(commands, commandTarget(registry), new FakeLog());
  expect(problems).toEqual([]);
  const files = registry.all.map(({ file }) => file);
  expect(files.sort()).toEqual((await readdir(commands)).sort().map((name) => `src/commands/${name}`));
  expect(registry.find('menu')?.file).toBe('src/commands/help.ts');
});

test('files without a command are reported by name, and the others are loaded', async () => {
  await writeFile(join(folder, 'a.mjs'), file('one', ['uno']));
  await writeFile(join(folder, 'b.mjs'), file('two', ['uno']));
  await writeFile(join(folder, 'c.mjs'), 'export default { name: "three" };');
  await writeFile(join(folder, 'd.mjs'), 'export const nothing = 1;');
  await writeFile(join(folder, 'e.mjs'), 'this does not parse');
  await writeFile(join(folder, 'f.mjs'), 'throw new Error("at the start");');
  await writeFile(join(folder, 'g.mjs'), file('seven'));
  await writeFile(join(folder, 'notes.txt'), 'not a command');
  const registry = new CommandRegistry();
  const log = new FakeLog();
  const problems = await loadFolder(folder, commandTarget(registry), log);
  expect(registry.all.map(({ command: { name } }) => name)).toEqual(['one', 'seven']);
  expect(problems.map(({ file: name }) => name.slice(-5))).toEqual([
    'b.mjs',
    'c.mjs',
    'd.mjs',
    'e.mjs',
    'f.mjs',
  ]);
  expect(problems[0]?.problem).toMatch(/"uno" .*a\.mjs/);
  expect(problems[1]?.problem).toContain('command()');
  expect(problems[4]?.problem).toBe('at the start');
  expect(log.of('error')).toHaveLength(5);
});

test.each<[name: string, expected: boolean]>([
  ['ping.ts', true],
  ['ping.js', true],
  ['ping.mjs', true],
  ['ping.cjs', true],
  ['ping.test.cjs', false],
  ['ping.d.ts', false],
  ['ping.js.map', false],
  ['ping.test.ts', false],
  ['.ping.ts', false],
  ['ping.ts~', false],
  ['README.md', false],
])('whether %s is a command file: %s', (name, expected) => {
  expect(isCommandFile(name)).toBe(expected);
});

test('the registry replaces a command by its new version, and changes nothing if a name is taken', () => {
  const make = (name: string, aliases: string[] = []) =>
    command({ name, aliases, summary: 's', run: () => undefined });
  const registry = new CommandRegistry();
  registry.set('a.ts', make('One', ['uno']));
  registry.set('b.ts', make('two'));
  registry.set('a.ts', make('one', ['eins']));
  expect(registry.find('uno')).toBeUndefined();
  expect(registry.find('eins')?.file).toBe('a.ts');
  expect(() => registry.set('a.ts', make('two'))).toThrow(/"two" .*b\.ts/);
  expect(registry.find('eins')?.file).toBe('a.ts');
  registry.delete('a.ts');
  registry.delete('a.ts');
  expect(registry.all.map(({ file: name }) => name)).toEqual(['b.ts']);
});

test.each<[sentence: string, spec: object, named: string]>([
  ['no name', {}, 'undefined '],
  ['a name with a space', { name: 'two words' }, '"two words"'],
  ['a bad alias', { name: 'a', aliases: ['!'] }, '"!"'],
  ['no summary', { name: 'a' }, 'summary'],
  ['nothing to run', { name: 'a', summary: 's' }, 'run'],
  [
    'an access that there is not',
    { name: 'a', summary: 's', run: () => undefined, access: 'root' },
    'access',
  ],
  ['a negative cooldown', { name: 'a', summary: 's', run: () => undefined, cooldownSeconds: -1 }, 'cooldown'],
])('command() refuses %s', (_sentence, spec, named) => {
  expect(() => command(spec as never)).toThrow(named);
});

test('a CommonJS file is loaded, as it is written and as compilers write it, and read again when it changes', async () => {
  const command = (name: string): string => file(name).replace(/^\s*export default/, 'const command =');
  const path = join(folder, 'a.cjs');
  await writeFile(path, `${command('one')} module.exports = command;`);
  await writeFile(
    join(folder, 'b.cjs'),
    `${command('two')} Object.defineProperty(exports, '__esModule', { value: true }); exports.default = command;`,
  );
  const registry = new CommandRegistry();
  expect(await loadFolder(folder, commandTarget(registry), new FakeLog())).toEqual([]);
  expect(registry.all.map(({ command: { name } }) => name)).toEqual(['one', 'two']);
  await writeFile(path, `${command('three')} module.exports = command;`);
  expect(await loadFile(path, commandTarget(registry), 1)).toBeUndefined();
  expect(registry.find('three')).toBeDefined();
});
