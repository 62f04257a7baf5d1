import { readFileSync } from 'node:fs';
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
