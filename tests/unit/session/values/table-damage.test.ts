import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { realFileSystem } from '../../../../src/session/folder/file-system.ts';
import { copySession } from '../../../../src/session/maintenance/backup.ts';
import { openSession } from '../../../../src/session/session-store.ts';
import { copyOf, openQuietly, recordingLog, sessionPath, stockFolder } from '../helpers.ts';

const log = recordingLog().log;
const text = (n: number) => 'x'.repeat(n);

test('a deleted row stays deleted after the checkpoint that should have written its deletion failed', async () => {
  const path = sessionPath();
  await stockFolder(path);
  let failing = false;
  const fs = {
    ...realFileSystem,
    renameSync: ((a: string, b: string) => {
      if (failing && String(b).includes('table-index'))
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return realFileSystem.renameSync(a, b);
    }) as typeof realFileSystem.renameSync,
  };
  const s = await openSession(path, { log, fs });
  await s.set({ reminders: { r1: { text: 'hi' } } });
  await s.checkpoint();
  await s.set({ reminders: { r1: null } });
  failing = true;
  await expect(s.checkpoint()).rejects.toThrow();
  failing = false;
  await s.checkpoint();
  await s.close();
  const again = await openQuietly(path);
  expect([...again.rows('reminders').keys()]).toEqual([]);
});

test('a copy with an old page and a merged one keeps every row over later checkpoints', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const s = await openSession(path, { log });
  await s.set({ sent: { a: { t: text(60 * 1024) } } });
  await s.set({ sent: { b: { t: text(20 * 1024) }, c: { t: text(10 * 1024) } } });
  await s.checkpoint();
  await s.checkpoint();
  await s.set({ sent: { a: { t: 'small' }, b: null } });
  const before = copyOf(path);
  await s.checkpoint();
  const copy = copyOf(path);
  // page 1 is from before the merge, and the kept journal too is there
  cpSync(join(before, 'table-sent-1.json'), join(copy, 'table-sent-1.json'));
  await s.close();
  const one = await openSession(copy, { log });
  expect([...one.rows('sent').keys()].sort()).toEqual(['a', 'c']);
  await one.close();
  const two = await openQuietly(copy);
  expect([...two.rows('sent').keys()].sort()).toEqual(['a', 'c']);
});

test('no new page gets the number of a merged page that is gone', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const s = await openSession(path, { log });
  await s.set({ sent: { a: { t: text(60 * 1024) } } });
  await s.set({ sent: { c: { t: text(10 * 1024) }, b: { t: text(20 * 1024) } } });
  await s.checkpoint();
  await s.set({ sent: { a: { t: text(10) }, b: null } });
  await s.checkpoint();
  const copy = copyOf(path);
  await s.close();
  rmSync(join(copy, 'table-sent-2.json'), { force: true });
  const one = await openSession(copy, { log });
  for (let i = 0; i < 8; i++) await one.set({ sent: { [`n${i}`]: { t: text(30 * 1024) } } });
  await one.close();
  const two = await openQuietly(copy);
  expect(two.rows('sent').size).toBe(10);
});

test('a backup during the first checkpoint after an update has every row', async () => {
  const path = sessionPath();
  await stockFolder(path);
  writeFileSync(join(path, 'table-reminders.json'), JSON.stringify({ r1: { text: 'old' } }));
  const fs = {
    ...realFileSystem,
    fsync: ((_: number, cb: (e: null) => void) => cb(null)) as never,
    fdatasync: ((_: number, cb: (e: null) => void) => cb(null)) as never,
  };
  const s = await openSession(path, { log, fs });
  await s.set({ reminders: { r2: { text: 'new' } } });
  const to = `${path}-b`;
  mkdirSync(to);
  const copying = copySession(path, to, {});
  const cp = s.checkpoint();
  await copying;
  await cp;
  await s.close();
  const two = await openQuietly(to);
  expect([...two.rows('reminders').keys()].sort()).toEqual(['r1', 'r2']);
});

test('a damaged index costs no row, at the first start and at the second', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const s = await openSession(path, { log });
  await s.set({ reminders: { r1: { text: 'hi' } } });
  await s.close();
  writeFileSync(join(path, 'table-index.json'), 'garbage');
  const one = await openSession(path, { log });
  expect(one.rows('reminders').size).toBe(1);
  await one.close();
  const two = await openSession(path, { log });
  const size = two.rows('reminders').size;
  await two.close();
  expect(size).toBe(1);
});

test('an index that names files outside the session removes none of them', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const s = await openSession(path, { log });
  await s.set({ sent: { a: { t: 'a' } } });
  await s.checkpoint();
  await s.close();
  const beside = `${path}-beside`;
  mkdirSync(beside);
  const victim = join(beside, 'pre-key-5.json');
  writeFileSync(victim, '{}');
  // `table-x` is no folder, but `join` takes it away again.
  const name = `x/../../${basename(beside)}/pre-key`;
  const index = { pages: { sent: [1] }, merged: { [name]: [5] } };
  writeFileSync(join(path, 'table-index.json'), JSON.stringify(index));
  const again = await openQuietly(path);
  await again.set({ sent: { b: { t: 'b' } } });
  await again.checkpoint();
  await again.checkpoint();
  await again.close();
  expect(existsSync(victim)).toBe(true);
});
