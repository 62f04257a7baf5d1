import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mapStack } from '../../../src/logging/mapped-stack.ts';

let folder: string;
let built: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-map-'));
  built = join(folder, 'dist', 'roll.js');
  mkdirSync(join(folder, 'dist'));
  const source =
    'interface Roll {\n  sides: number;\n}\n\nexport function roll(): Roll {\n  throw new Error("no dice");\n}\n';
  const { code, map } = transformSync(source, {
    loader: 'ts',
    sourcemap: true,
    minify: true,
    sourcefile: '../src/roll.ts',
  });
  writeFileSync(built, code);
  writeFileSync(`${built}.map`, map);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function stackOf(): Promise<string> {
  const { roll } = (await import(/* @vite-ignore */ pathToFileURL(built).href)) as { roll: () => void };
  try {
    roll();
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  throw new Error('it did not throw');
}

test('a place in a built file becomes the line of its source', async () => {
  const stack = `Error: no dice\n    at roll (${pathToFileURL(built).href}?v=3:1:24)\n    at ${built}:1:24`;
  const mapped = mapStack(stack);
  expect(mapped.match(/src\/roll\.ts:(5|6):\d+/g)).toHaveLength(2);
  expect(mapped).not.toContain('dist');
  expect(mapStack(await stackOf())).toContain('no dice');
});

test.each([
  ['has no map', () => rmSync(`${built}.map`)],
  ['has a map that is no JSON', () => writeFileSync(`${built}.map`, '{')],
  ['has a map of another shape', () => writeFileSync(`${built}.map`, '[1]')],
  ['has a map that is too large', () => writeFileSync(`${built}.map`, 'x'.repeat(600_000))],
])('a place in a file that %s stays as it is', (_, change) => {
  change();
  const stack = `Error\n    at roll (${built}:1:24)\n    at node:internal/process:1:1\n    at <anonymous>`;
  expect(mapStack(stack)).toBe(stack);
});
