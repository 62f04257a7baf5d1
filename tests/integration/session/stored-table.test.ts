import { closeSync, existsSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../../bench/seeded.ts';
import { LIMITS } from '../../../src/core/limits/limits.ts';
import { openSession, type Session } from '../../../src/session/session-store.ts';
import { oldTableFileName, TABLE_INDEX } from '../../../src/session/values/table-names.ts';
import {
  copyOf,
  openQuietly,
  recordingLog,
  seed,
  sessionPath,
  stockFolder,
} from '../../unit/session/helpers.ts';

const KIB = 1024;
const text = (length: number, of = 'x'): string => of.repeat(length);

/** The sizes of the files that a checkpoint wrote: their content is new, whatever their name. */
async function bytesWritten(session: Session, path: string): Promise<number> {
  const inodes = new Set(readdirSync(path).map((name) => statSync(join(path, name)).ino));
  await session.checkpoint();
  return readdirSync(path)
    .map((name) => statSync(join(path, name)))
    .filter(({ ino }) => !inodes.has(ino))
    .reduce((sum, { size }) => sum + size, 0);
}

async function fill(session: Session, bytes: number): Promise<void> {
  for (let n = 0; n * 50 * KIB < bytes; n++)
    await session.set({ sent: { [`old${n}`]: { atMs: n, message: text(50 * KIB) } } });
  await session.checkpoint();
  await session.checkpoint();
}

test('a checkpoint after 100 messages writes as much with 20 MB of sent messages as with 1 MB', async () => {
  const written: number[] = [];
  for (const megabytes of [1, 20]) {
    const path = sessionPath();
    await stockFolder(path);
    const session = await openQuietly(path);
    await fill(session, megabytes * KIB * KIB);
    for (let n = 0; n < 100; n++) await session.set({ sent: { [`new${n}`]: { message: text(500) } } });
    written.push(await bytesWritten(session, path));
    await session.close();
  }
  const [small = 0, large = 0] = written;
  expect(small).toBeGreaterThan(100 * 500);
  // The index names a few hundred pages more.
  expect(large).toBeLessThan(small + 64 * KIB + 8 * KIB);
});

test(`any changes of tables are there after a kill and after a close (SEED=${seed})`, async () => {
  const random = seeded(seed);
  const path = sessionPath();
  await stockFolder(path);
  const model = new Map<string, unknown>();
  let session = await openSession(path, { log: recordingLog().log });
  for (let round = 0; round < 30; round++) {
    for (let change = 0; change < 12; change++) {
      const id = `row ${Math.floor(random() * 60)}`;
      const value = random() < 0.35 ? null : { n: round, filler: text(Math.floor(random() ** 3 * 60 * KIB)) };
      await session.set({ 'chat-state': { [id]: value } });
      if (value === null) model.delete(id);
      else model.set(id, value);
    }
    const sorted = (rows: ReadonlyMap<string, unknown>): unknown[] =>
      [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
    if (random() < 0.6) await session.checkpoint();
    const killed = await openSession(copyOf(path), { log: recordingLog().log });
    expect(sorted(killed.rows('chat-state'))).toEqual(sorted(model));
    await killed.close();
    if (random() < 0.4) {
      await session.close();
      session = await openSession(path, { log: recordingLog().log });
      expect(sorted(session.rows('chat-state'))).toEqual(sorted(model));
    }
  }
  await session.close();
});

test('pages without rows are removed, and small pages are merged', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const session = await openQuietly(path);
  const pages = (): number => readdirSync(path).filter((name) => /^table-sent-\d+\.json$/.test(name)).length;
  for (let n = 0; n < 40; n++) await session.set({ sent: { [`m${n}`]: { message: text(50 * KIB) } } });
  await session.checkpoint();
  expect(pages()).toBe(40);
  for (let n = 0; n < 20; n++) await session.set({ sent: { [`m${n}`]: null } });
  for (let n = 20; n < 40; n++) await session.set({ sent: { [`m${n}`]: { message: 'short' } } });
  await session.checkpoint();
  await session.set({ sent: { last: { message: 'x' } } });
  await session.checkpoint();
  expect(pages()).toBeLessThanOrEqual(2);
  expect(session.rows('sent').size).toBe(21);
  await session.close();
  const again = await openQuietly(path);
  expect([...again.rows('sent').keys()]).toEqual([
    ...Array.from({ length: 20 }, (_, n) => `m${n + 20}`),
    'last',
  ]);
});

test('a copy with pages from before a merge and an index from after it has every row', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const session = await openQuietly(path);
  for (let n = 0; n < 6; n++) await session.set({ sent: { [`m${n}`]: { message: text(50 * KIB) } } });
  await session.checkpoint();
  const before = copyOf(path);
  for (let n = 0; n < 6; n++) await session.set({ sent: { [`m${n}`]: { message: `${n}` } } });
  await session.checkpoint();
  const after = copyOf(path);
  // As `cp -r` may find it: the first page still old, everything else new.
  writeFileSync(join(after, 'table-sent-1.json'), `{"m0":{"message":"${text(50 * KIB)}"}}`);
  const copy = await openQuietly(after);
  expect(copy.rows('sent').size).toBe(6);
  expect((await openQuietly(before)).rows('sent').size).toBe(6);
});

test('a table over its limit loses its oldest rows, and the log says so', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const { lines, log } = recordingLog();
  const session = await openQuietly(path, { log });
  const { count } = LIMITS['table:client'];
  for (let n = 0; n < count * 2; n++) await session.set({ client: { [`row${n}`]: n } });
  const { size } = session.rows('client');
  expect(size).toBeGreaterThanOrEqual(count);
  expect(size).toBeLessThanOrEqual(count * 1.25);
  expect(session.rows('client').has(`row${count * 2 - 1}`)).toBe(true);
  expect(session.rows('client').has('row0')).toBe(false);
  const removed = { table: 'client', rows: expect.any(Number) };
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', facts: removed }));
});

test('a table file of an earlier version is taken over and then removed', async () => {
  const path = sessionPath();
  await stockFolder(path);
  writeFileSync(join(path, oldTableFileName('reminders')), '{"a":{"text":"tea"},"b":{"text":"milk"}}');
  const session = await openSession(path, { log: recordingLog().log });
  expect(session.rows('reminders').size).toBe(2);
  await session.close();
  expect(existsSync(join(path, oldTableFileName('reminders')))).toBe(false);
  expect(existsSync(join(path, TABLE_INDEX))).toBe(true);
  expect([...(await openQuietly(path)).rows('reminders').keys()]).toEqual(['a', 'b']);
});

test('a table file that is too large for one text is read as far as it goes, within the limit', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const fd = openSync(join(path, oldTableFileName('inbox')), 'w');
  writeSync(fd, '{');
  const rows = 700;
  for (let n = 0; n < rows; n++)
    writeSync(
      fd,
      `${n === 0 ? '' : ','}"m${n}":{"atMs":${n},"hashes":["{\\"}"],"text":"${text(100 * KIB)}"}`,
    );
  // Cut off in the middle of an entry.
  writeSync(fd, ',"torn":{"atMs":');
  closeSync(fd);
  const session = await openSession(path, { log: recordingLog().log });
  const kept = session.rows('inbox');
  expect(kept.has(`m${rows - 1}`)).toBe(true);
  expect(kept.has('torn')).toBe(false);
  expect(existsSync(join(path, `${oldTableFileName('inbox')}.damaged`))).toBe(true);
  expect(kept.size * 100 * KIB).toBeLessThanOrEqual(LIMITS['table:inbox'].bytes * 1.3);
  await session.close();
  expect((await openQuietly(path)).rows('inbox').size).toBe(kept.size);
});

test('rows keep their order over a start, also when they change', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const session = await openSession(path, { log: recordingLog().log });
  const ids = Array.from({ length: 50 }, (_, n) => `m${n}`);
  for (const id of ids) await session.set({ inbox: { [id]: { filler: text(5 * KIB) } } });
  for (const id of ['m30', 'm3', 'm0', 'm49'])
    await session.set({ inbox: { [id]: { filler: text(9 * KIB) } } });
  await session.close();
  expect([...(await openQuietly(path)).rows('inbox').keys()]).toEqual(ids);
});
