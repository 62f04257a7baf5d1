import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Call } from '../../src/bot/call.ts';
import { withReference } from '../../tools/reference.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const guide = read('docs/commands.md');

test('the reference is what the types say; `npm run docs` writes it', () => {
  expect(guide).toBe(withReference(guide));
});

test('it tells of every member of the context', () => {
  const members = Object.getOwnPropertyNames(Call.prototype).filter((name) => name !== 'constructor');
  expect(members.length).toBeGreaterThan(15);
  expect(members.filter((name) => !new RegExp(`\\| \`ctx\\.${name}[(:]`).test(guide))).toEqual([]);
});

test('the tutorial shows ping as it is', () => {
  expect(guide).toContain(read('src/commands/ping.ts').trim());
});
