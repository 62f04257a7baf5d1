import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMITS, type Limit } from '../../src/core/limits/limits.ts';
import { TABLE_NAMES } from '../../src/session/values/table-names.ts';
import { withLimits } from '../../tools/limits-table.ts';

test('docs/operating.md shows the limits as they are in the code; `npm run docs` writes them', () => {
  const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  expect(page).toBe(withLimits(page));
});

/** Its rows have fixed names, and each replaces the one before. */
const WITHOUT_TIME: readonly string[] = ['client'];

test('every durable table has a limit in count and in bytes, and in time unless its rows have fixed names', () => {
  const limits: Readonly<Record<string, Limit>> = LIMITS;
  for (const name of TABLE_NAMES) {
    const { count, bytes, timeMs } = limits[`table:${name}`] ?? {};
    expect({ name, count, bytes, timeMs }).toEqual({
      name,
      count: expect.any(Number),
      bytes: expect.any(Number),
      timeMs: WITHOUT_TIME.includes(name) ? undefined : expect.any(Number),
    });
  }
});

test('each limit has at least one number, and all of its numbers are above zero', () => {
  for (const [name, { count, bytes, bytesEach, timeMs }] of Object.entries<Limit>(LIMITS)) {
    const numbers = [count, bytes, bytesEach, timeMs].filter((number) => number !== undefined);
    expect(numbers.length, name).toBeGreaterThan(0);
    expect(Math.min(...numbers), name).toBeGreaterThan(0);
  }
});

const SRC = new URL('../../src/', import.meta.url);
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^core[/\\](?:(?:table|memory)-)?limits?\.ts$/.test(path))
  .map((path) => readFileSync(new URL(path.replaceAll('\\', '/'), SRC), 'utf8'))
  .filter((text) => text.includes('LIMITS'));

/** Numbers that follow from others, and which. */
const FOLLOWS: Readonly<Record<string, string>> = {
  'commands:person timeMs': 'the commands of a person wait in chats: commands:chat',
  'commands:all timeMs': 'the same',
  'sends:chat timeMs': 'the time is the same for all sends: sends:all',
  'http:sends bytesEach': 'a message is the body of a request: http:body',
  'table:http-keys bytesEach': 'a row is two hashes and a time',
};

/** Whether a text reads this number: by its name, through a constant, or by a name that is a variable there. */
function reads(text: string, name: string, field: string): boolean {
  const entry = `LIMITS(?:\\.${name}|\\['${name}'\\])`;
  const isTable = name.startsWith('table:');
  if (new RegExp(`${entry}\\.${field}\\b`).test(text)) return true;
  if (new RegExp(`const \\{[^}]*\\b${field}\\b[^}]*\\} = ${entry}`).test(text)) return true;
  const constant = new RegExp(`const (\\w+) = ${entry};`).exec(text)?.[1];
  if (
    constant !== undefined &&
    new RegExp(`\\b${constant}\\.${field}\\b|\\b${field}\\b[^}]*\\} = ${constant};`).test(text)
  )
    return true;
  if (isTable && new RegExp(`const \\{[^}]*\\b${field}\\b[^}]*\\} = LIMITS\\[\`table:`).test(text))
    return true;
  return text.includes(`'${name}'`) && new RegExp(`LIMITS\\[[a-z]+\\]\\.${field}\\b`).test(text);
}

test('every number in the list of limits is read by code', () => {
  const numbers = Object.entries<Limit>(LIMITS).flatMap(([name, limit]) =>
    Object.entries(limit).flatMap(([field, value]) =>
      typeof value === 'number' ? [[name, field] as const] : [],
    ),
  );
  const unread = numbers.filter(([name, field]) => !sources.some((text) => reads(text, name, field)));
  expect(unread.map((number) => number.join(' ')).sort()).toEqual(Object.keys(FOLLOWS).sort());
});

test('each collection that forgets its oldest entries takes its size from the list of limits', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const own = files.flatMap((path) => {
    const text = readFileSync(new URL(path.replaceAll('\\', '/'), SRC), 'utf8');
    const sizes = [...text.matchAll(/new (?:RecentMap|LRUCache)<[^;]*?>\(([^;]*?)\);?\n/g)];
    return sizes.filter(([, size = '']) => /\d{2,}/.test(size) || !text.includes('LIMITS')).map(() => path);
  });
  expect(own).toEqual([]);
});
