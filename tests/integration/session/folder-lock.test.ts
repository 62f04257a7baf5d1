import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { currentOwner, type Lock, lockSession } from '../../../src/session/lock/folder-lock.ts';
import { temporaryFolder } from '../../unit/session/helpers.ts';

async function lock(folder: string): Promise<Lock> {
  const held = await lockSession(folder);
  onTestFinished(() => held.release());
  return held;
}
const sockets = (folder: string): string[] => readdirSync(join(folder, '.lock'));

/** The path of a socket, or of what somebody put in the place of one. */
function socketIn(folder: string, name = 'owner-00000000-0000-4000-8000-000000000000.sock'): string {
  mkdirSync(join(folder, '.lock'), { recursive: true });
  return join(folder, '.lock', name);
}

describe('one owner', () => {
  test('a second process is told which process has the session, and since when', async () => {
    const folder = temporaryFolder();
    const beforeMs = Date.now();
    await lock(folder);
    const startedAtMs = performance.now();
    const refused = await lockSession(folder).catch((error: unknown) => error);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(refused).toMatchObject({ code: 'SESSION_LOCKED', exitCode: 75 });
    const [, pid, host, since = ''] =
      /by process (\d+) on (\S+) since (\S+)\. Stop it/.exec(String(refused)) ?? [];
    expect([Number(pid), host]).toEqual([process.pid, hostname()]);
    expect(Date.parse(since)).toBeGreaterThanOrEqual(beforeMs);
    expect(sockets(folder).length).toBe(1);
  });

  test('if many processes want the lock at once, exactly one gets it, again and again', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 5; round++) {
      const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => lockSession(folder)));
      const owners = attempts.filter((attempt) => attempt.status === 'fulfilled');
      expect(owners.length).toBe(1);
      await Promise.all(owners.map(({ value }) => value.release()));
      expect([...readdirSync(folder), ...sockets(folder)]).toEqual(['.lock']);
    }
  });

  test('a lock that was given back is free at once, and leaves no file', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const held = await lockSession(folder);
      expect(await currentOwner(folder)).toEqual(held.owner);
      await held.release();
      expect(await currentOwner(folder)).toBeUndefined();
    }
    expect([...readdirSync(folder), ...sockets(folder)]).toEqual(['.lock']);
  });

  test('looking at the lock does not take it', async () => {
    const folder = temporaryFolder();
    expect(await currentOwner(folder)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
    await lock(folder);
    expect(await currentOwner(folder)).toMatchObject({ pid: process.pid, host: hostname() });
  });
});

describe('what others leave', () => {
  test('files with the names of sockets are removed', async () => {
    const folder = temporaryFolder();
    writeFileSync(socketIn(folder), '');
    await lock(folder);
    expect(sockets(folder).length).toBe(1);
  });

  test('a socket that never got its name is removed when it is old', async () => {
    const folder = temporaryFolder();
    // One is as old as a crash, the other belongs to a process that is just starting.
    for (const [name, atSeconds] of [
      ['owner-a.new', 1],
      ['owner-b.new', Date.now() / 1000],
    ] as const) {
      writeFileSync(socketIn(folder, name), '');
      utimesSync(socketIn(folder, name), atSeconds, atSeconds);
    }
    await lock(folder);
    expect(sockets(folder).filter((name) => name.endsWith('.new'))).toEqual(['owner-b.new']);
  });

  test('the lock knows whether the last owner gave it back', async () => {
    const folder = temporaryFolder();
    expect((await lockSession(folder)).wasKilled).toBe(false);
    // It is dead, for all that can be seen: its socket is gone.
    for (const name of sockets(folder)) rmSync(socketIn(folder, name));
    const next = await lockSession(folder);
    expect(next.wasKilled).toBe(true);
    await next.release();
    expect((await lock(folder)).wasKilled).toBe(false);
  });

  test('an owner that accepts connections and sends nothing counts as alive: a second process is refused in under two seconds, with the facts of its note', async () => {
    const folder = temporaryFolder();
    const silent = createServer(() => {}).listen(socketIn(folder));
    onTestFinished(() => void silent.close());
    writeFileSync(join(folder, 'owner.json'), '{"pid":77,"host":"far","sinceMs":0}\n');
    const startedAtMs = performance.now();
    await expect(lockSession(folder)).rejects.toMatchObject({
      code: 'SESSION_LOCKED',
      message: expect.stringMatching(/\b77\b.*\bfar\b.*\b1970-01-01T00:00:00\.000Z\b/),
    });
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(await currentOwner(folder)).toMatchObject({ pid: 77, host: 'far', sinceMs: 0, isSilent: true });
    expect(existsSync(socketIn(folder))).toBe(true);
  });

  test('an owner that closes the connection without an answer is asked again, because its process may be ending', async () => {
    const folder = temporaryFolder();
    const path = socketIn(folder);
    let asked = 0;
    const dying = createServer((socket) => {
      socket.destroy();
      asked += 1;
      if (asked === 3) dying.close();
    }).listen(path);
    await lock(folder);
    expect(asked).toBeGreaterThanOrEqual(3);
  });

  test('an owner that sends nonsense counts as alive', async () => {
    const folder = temporaryFolder();
    const server = createServer((socket) => socket.end('nonsense'));
    server.listen(socketIn(folder));
    onTestFinished(() => void server.close());
    await expect(lockSession(folder)).rejects.toMatchObject({ code: 'SESSION_LOCKED' });
  });

  test('a process that asked and keeps its connection open does not stop the owner from giving the lock back', async () => {
    const folder = temporaryFolder();
    const held = await lockSession(folder);
    const [name = ''] = sockets(folder);
    const asker = connect({ path: socketIn(folder, name), allowHalfOpen: true });
    onTestFinished(() => void asker.destroy());
    asker.pause();
    await new Promise((resolve) => asker.once('connect', resolve));
    await held.release();
    await (await lockSession(folder)).release();
  });
});

test('the lock works in a folder whose path is longer than a socket address', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(folder, { recursive: true });
  const held = await lockSession(folder);
  await expect(lockSession(folder)).rejects.toMatchObject({ code: 'SESSION_LOCKED' });
  expect(await currentOwner(folder)).toEqual(held.owner);
  await held.release();
  expect([...readdirSync(folder), ...sockets(folder)]).toEqual(['.lock']);
});

describe('the note of an owner', () => {
  const SILENT = 'owner-00000000-0000-4000-8000-000000000000.sock';

  function silentOne(folder: string): void {
    const server = createServer(() => {}).listen(socketIn(folder, SILENT));
    onTestFinished(() => void server.close());
  }

  test('the note of an earlier owner is not taken for the note of a silent owner', async () => {
    const folder = temporaryFolder();
    const note = { pid: 77, host: 'far', sinceMs: 0, ticket: '11111111-0000-4000-8000-000000000000' };
    writeFileSync(join(folder, 'owner.json'), JSON.stringify(note));
    silentOne(folder);
    await expect(lockSession(folder)).rejects.toMatchObject({
      code: 'SESSION_LOCKED',
      message: expect.not.stringContaining('77'),
    });
    expect(await currentOwner(folder)).toMatchObject({ pid: 0, isSilent: true });
  });

  test('a note of an owner that cannot be overwritten is replaced', async () => {
    const folder = temporaryFolder();
    symlinkSync('/nowhere/owner.json', join(folder, 'owner.json'));
    await lock(folder);
    expect(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  });
});
