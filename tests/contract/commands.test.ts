import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { HandlerContext } from '../../src/bot/run/handler-context.ts';
import { withReference } from '../../tools/reference.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const guide = read('docs/commands.md');

test('the reference in docs/commands.md is made from the types; `npm run docs` writes it', () => {
  expect(guide).toBe(withReference(guide));
});

test('the reference in docs/commands.md has every member of the context', () => {
  const members = Object.getOwnPropertyNames(HandlerContext.prototype).filter(
    (name) => name !== 'constructor',
  );
  expect(members.length).toBeGreaterThan(15);
  expect(members.filter((name) => !new RegExp(`\\| \`ctx\\.${name}[(:]`).test(guide))).toEqual([]);
});

test('docs/commands.md or docs/library.md names everything that the package exports', () => {
  const text = guide + read('docs/library.md');
  const exported = [...read('src/index.ts').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(
    ([, names = '']) =>
      names
        .split(',')
        .map((name) => name.replace(/^\s*(?:type )?/, '').trim())
        .filter((name) => name !== ''),
  );
  expect(exported.length).toBeGreaterThan(50);
  expect(exported.filter((name) => !new RegExp(`\`${name}\\b`).test(text))).toEqual([]);
});

test('the package exports every type that the reference in docs/commands.md describes', () => {
  const index = read('src/index.ts');
  const told = [...guide.matchAll(/^\*\*`(\w+)/gm)].map(([, name = '']) => name);
  expect(told.length).toBeGreaterThan(40);
  expect(told.filter((name) => !new RegExp(`\\b${name}\\b`).test(index))).toEqual([]);
});

test('the tutorial in docs/commands.md shows the file of ping', () => {
  expect(guide).toContain(read('src/commands/ping.ts').trim());
});

test('each example of docs/commands.md compiles as a file in src/commands/', () => {
  const examples = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '');
  expect(examples.length).toBeGreaterThan(5);
  expect(complaints(examples)).toEqual([]);
});

/** What the compiler says of these files, under the project's own settings. */
function complaints(examples: readonly string[]): string[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'perennial-examples-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'commands'));
  for (const [index, code] of examples.entries()) {
    writeFileSync(join(folder, 'commands', `example-${index + 1}.ts`), code);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      // `../bot/args.ts` is found as if the example were in src/commands/.
      rootDirs: ['.', join(root, 'src')],
      typeRoots: [join(root, 'node_modules/@types')],
      // An example names things for others to use.
      noUnusedLocals: false,
    },
    include: ['commands'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', folder], {
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return status === 0 || lines.length > 0 ? lines : [`tsc ended with ${status}`];
}
