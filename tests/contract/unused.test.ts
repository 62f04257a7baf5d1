import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');

/** What is loaded from outside: the entries of the package, its command, the program, its scripts and its own process. */
const ENTRIES = [
  'index',
  'auth-state',
  'client',
  'testing',
  'start',
  'cli/main',
  'cli/demo',
  'cli/session',
  'bot/pictures/sticker-process',
];
/** Folders whose files are loaded because they are there. */
const LOADED = ['commands', 'listeners', 'demo/commands'];

function follow(path: string, found: Set<string>): void {
  if (found.has(path) || !existsSync(path)) return;
  found.add(path);
  const code = readFileSync(path, 'utf8');
  // Imports, of types too, and files that are named for a thread or a process.
  for (const [, name = ''] of code.matchAll(/'(\.{1,2}\/[^'\s]+\.[tj]s)'/g))
    follow(join(dirname(path), name.replace(/\.js$/, '.ts')), found);
}

test('the package has no file that no entry uses', () => {
  const all = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(SRC, name));
  const found = new Set<string>();
  for (const name of ENTRIES) follow(join(SRC, `${name}.ts`), found);
  for (const path of all)
    if (LOADED.some((folder) => dirname(path) === join(SRC, folder))) follow(path, found);
  expect(all.filter((path) => !found.has(path))).toEqual([]);
});

const EXPORT = /^export (?:async )?(?:function\*?|const|class) (\w+)/gm;
const codeIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[mc]?[tj]s$/.test(name) && !name.includes('node_modules'))
      .map((name) => [join(ROOT, folder, name), readFileSync(join(ROOT, folder, name), 'utf8')]),
  );

test('each exported function, class and constant is used by another file', () => {
  const entries = ENTRIES.map((name) => join(SRC, `${name}.ts`));
  const files = ['src', 'tests', 'bench', 'tools'].flatMap((folder) => [...codeIn(folder)]);
  const words = new Map(files.map(([path, code]) => [path, new Set(code.match(/\w+/g))]));
  const unused = files
    .filter(([path]) => path.startsWith(SRC) && !entries.includes(path))
    .flatMap(([path, code]) => [...code.matchAll(EXPORT)].map(([, name = '']) => [path, name] as const))
    .filter(([path, name]) => ![...words].some(([other, used]) => other !== path && used.has(name)));
  expect(unused).toEqual([]);
});
