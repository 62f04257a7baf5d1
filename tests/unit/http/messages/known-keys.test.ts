import { expect, test } from 'vitest';
import { limitsReached } from '../../../../src/core/limits/limit-counts.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import { type KeyRow, KnownKeys } from '../../../../src/http/messages/known-keys.ts';
import { FakeTable } from '../../bot/fakes.ts';

const { count, bytesEach, bytes, timeMs } = LIMITS['table:http-keys'];

test('a key is known for seven days, and then new again', async () => {
  const table = new FakeTable<KeyRow>();
  let now = 1_700_000_000_000;
  const keys = new KnownKeys(table, { now: () => now });
  await keys.remember('a', 'one');
  now += timeMs;
  expect(keys.fingerprintOf('a')).toBe('one');
  now += 1;
  expect(keys.fingerprintOf('a')).toBeUndefined();
  await keys.remember('b', 'two');
  expect(table.size).toBe(1);
});

test('the oldest key is forgotten when the table is full, and the limit is counted', async () => {
  const table = new FakeTable<KeyRow>();
  const keys = new KnownKeys(table, { now: () => 1_700_000_000_000 });
  const reached = () => new Map(limitsReached()).get('table:http-keys') ?? 0;
  const before = reached();
  for (let index = 0; index <= count; index += 1) await keys.remember(`key ${index}`, 'x'.repeat(22));
  expect(table.size).toBe(count);
  expect(keys.fingerprintOf('key 0')).toBeUndefined();
  expect(keys.fingerprintOf('key 1')).toBeDefined();
  expect(reached()).toBe(before + 1);
  for (const row of table.entries()) expect(JSON.stringify(row).length).toBeLessThanOrEqual(bytesEach);
  expect(count * bytesEach).toBeLessThanOrEqual(bytes);
});
