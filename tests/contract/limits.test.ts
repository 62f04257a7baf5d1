import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMITS, type Limit } from '../../src/core/limits.ts';
import { TABLE_NAMES } from '../../src/session/values/tables.ts';
import { withLimits } from '../../tools/limits-table.ts';

test('docs/operating.md shows the limits as they are in the code; `npm run docs` writes them', () => {
  const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  expect(page).toBe(withLimits(page));
});

test('every durable table has a limit in count, in bytes and in time', () => {
  const limits: Readonly<Record<string, Limit>> = LIMITS;
  for (const name of TABLE_NAMES) {
    const { count, bytes, timeMs } = limits[`table:${name}`] ?? {};
    expect({ name, count, bytes, timeMs }).toEqual({
      name,
      count: expect.any(Number),
      bytes: expect.any(Number),
      timeMs: expect.any(Number),
    });
  }
});

test('no limit is without an end: each has at least one number, all above zero', () => {
  for (const [name, { count, bytes, bytesEach, timeMs }] of Object.entries<Limit>(LIMITS)) {
    const numbers = [count, bytes, bytesEach, timeMs].filter((number) => number !== undefined);
    expect(numbers.length, name).toBeGreaterThan(0);
    expect(Math.min(...numbers), name).toBeGreaterThan(0);
  }
});
