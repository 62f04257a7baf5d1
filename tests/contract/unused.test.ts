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
