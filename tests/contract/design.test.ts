import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TRANSITIONS } from '../../src/whatsapp/client-state.ts';

const design = readFileSync(new URL('../../docs/design.md', import.meta.url), 'utf8');

test('the state diagram in docs/design.md has the transitions of the client, each once', () => {
  const diagram = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(design)?.[1] ?? '';
  const drawn = [...diagram.matchAll(/^ *(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} ${to}`);
  const allowed = Object.entries(TRANSITIONS).flatMap(([from, next]) => next.map((to) => `${from} ${to}`));
  expect(drawn.sort()).toEqual(allowed.sort());
  expect(diagram).toContain('[*] --> idle');
});

const SRC = new URL('../../src/', import.meta.url);
const folders = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => `${path.replaceAll('\\', '/')}/`)
  .filter((path) => statSync(new URL(path.slice(0, -1), SRC)).isDirectory());

test('docs/design.md says what is in each folder of src, and names no other', () => {
  const table = /## The folders of `src\/`\n([\s\S]*?)\n## /.exec(design)?.[1] ?? '';
  const named = [...table.matchAll(/^\| ((?:`[\w/]+\/`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([\w/]+\/)`/g)].map(([, folder]) => folder),
  );
  expect(named.sort()).toEqual(folders.sort());
});
