import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasRowShape } from '../../../../src/app/row-shapes.ts';
import { checkDamage, checkFolder } from '../../../../src/doctor/doctor-folder.ts';
import { readRegularFile } from '../../../../src/session/folder/read-file.ts';
import { decodeJournals, encodeRecord } from '../../../../src/session/journal/journal-record.ts';
import { currentOwner } from '../../../../src/session/lock/folder-lock.ts';
import { restoreSession } from '../../../../src/session/maintenance/restore.ts';
import { reportRestore, reportStatus } from '../../../../src/session/maintenance/session-reports.ts';
import { sessionStatus } from '../../../../src/session/maintenance/session-status.ts';
import { openSession } from '../../../../src/session/session-store.ts';
import { openQuietly, recordingLog, sessionPath, stockFolder, temporaryFolder } from '../helpers.ts';

const isUnix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;
const fifo = (path: string): void => void execFileSync('mkfifo', [path]);

/** A folder that was opened and closed once, so that creds.json has its copy. */
async function closedSession(): Promise<string> {
  const path = sessionPath();
  await stockFolder(path);
  await (await openSession(path, recordingLog())).close();
  return path;
}

function replaceBy(path: string, make: (path: string) => void): void {
  rmSync(path, { force: true });
  make(path);
}

const INSTEAD_OF_A_FILE: ReadonlyArray<readonly [what: string, make: (path: string) => void]> = [
  ['a FIFO', fifo],
  ['a link to /dev/zero', (path) => symlinkSync('/dev/zero', path)],
  [
    'a link to a FIFO',
    (path) => {
      fifo(`${path}.fifo`);
      symlinkSync(`${path}.fifo`, path);
    },
  ],
  [
    'a file of 2 GB without data',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 2 ** 31);
    },
  ],
  ['a folder', (path) => mkdirSync(path)],
];

describe.runIf(isUnix)('a backup from elsewhere', () => {
  test.each(INSTEAD_OF_A_FILE)(
    '%s in the place of creds.json ends the restore or is left out',
    async (_, make) => {
      const backup = await closedSession();
      const folder = sessionPath();
      replaceBy(join(backup, 'creds.json'), make);
      const restored = await restoreSession(folder, backup).catch((error: unknown) => error);
      if (restored instanceof Error) {
        expect(restored).toMatchObject({ code: expect.stringMatching(/BAD_ARGUMENTS|SESSION_UNUSABLE/) });
      } else {
        expect((await openQuietly(folder)).wasLinked).toBe(true);
      }
    },
  );

  test.each(INSTEAD_OF_A_FILE)('%s in the place of both credentials is refused', async (_, make) => {
    const backup = await closedSession();
    replaceBy(join(backup, 'creds.json'), make);
    replaceBy(join(backup, 'creds.backup.json'), make);
    await expect(restoreSession(sessionPath(), backup)).rejects.toMatchObject({
      code: expect.stringMatching(/BAD_ARGUMENTS|SESSION_UNUSABLE/),
    });
  });

  test.each(['session-1.json', 'journal-3.log', 'table-sent.json', 'anything.bin'])(
    'a large file without data, %s, is refused by its name and copied nowhere',
    async (name) => {
      const backup = await closedSession();
      const folder = sessionPath();
      writeFileSync(join(backup, name), '');
      truncateSync(join(backup, name), 300 * 1024 * 1024);
      const error = await restoreSession(folder, backup).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'SESSION_UNUSABLE', message: expect.stringContaining(name) });
      expect(existsSync(join(folder, name))).toBe(false);
    },
  );

  test.each(['table-index.json', 'session-7.json'])(
    'the restore names %s if a FIFO is in its place, and restores the rest',
    async (name) => {
      const backup = await closedSession();
      const folder = sessionPath();
      replaceBy(join(backup, name), fifo);
      symlinkSync('/dev/zero', join(backup, 'zero.bin'));
      const { facts, lines } = await reportRestore(folder, backup, {});
      const { notFiles } = facts as { notFiles: string[] };
      expect(notFiles.sort()).toEqual([name, 'zero.bin']);
      expect(lines.join('\n')).toContain(name);
      expect((await openQuietly(folder)).wasLinked).toBe(true);
    },
  );

  test('a link is never followed out of the backup', async () => {
    const backup = await closedSession();
    const folder = sessionPath();
    const secret = join(temporaryFolder(), 'secret.json');
    writeFileSync(secret, '{"secret":1}');
    symlinkSync(secret, join(backup, 'session-x.json'));
    await restoreSession(folder, backup);
    expect(existsSync(join(folder, 'session-x.json'))).toBe(false);
  });

  test('rows of a wrong shape are counted at the restore and left out at the start', async () => {
    const backup = await closedSession();
    const folder = sessionPath();
    const rows = new Map([
      [
        'inbox',
        new Map([
          ['m1', '5'],
          ['m2', '{"atMs":"soon","hashes":7}'],
          ['m3', '{"atMs":1,"hashes":[]}'],
        ]),
      ],
      ['reminders', new Map([['r', '{"chat":{}}']])],
    ]);
    writeFileSync(join(backup, 'journal-1.log'), encodeRecord(1, rows));
    expect(await restoreSession(folder, backup, { isRow: hasRowShape })).toMatchObject({ damagedRows: 3 });
    const { lines, log } = recordingLog();
    const session = await openQuietly(folder, { log, isRow: hasRowShape });
    expect([...session.rows('inbox').keys()]).toEqual(['m3']);
    expect(session.rows('reminders').size).toBe(0);
    expect(lines.map(({ facts }) => facts).filter((facts) => 'rows' in facts)).toEqual([
      { table: 'inbox', rows: 2 },
      { table: 'reminders', rows: 1 },
    ]);
    await session.close();
    expect((await openQuietly(folder)).rows('inbox').size).toBe(1);
  });
});

describe.runIf(isUnix)('the folder itself', () => {
  test.each(['journal-2.log', 'table-index.json', 'table-sent.json', 'session-9.json', 'logged-out.old'])(
    'a FIFO called %s does not keep the session from opening',
    async (name) => {
      const path = await closedSession();
      replaceBy(join(path, name), fifo);
      const session = await openQuietly(path);
      expect(session.wasLinked).toBe(true);
      expect(session.get('session', ['9'])).toEqual({});
    },
  );

  test('a file that is a link to an endless device is refused at once', () => {
    const path = join(temporaryFolder(), 'x.json');
    symlinkSync('/dev/zero', path);
    expect(() => readRegularFile(path)).toThrow(expect.objectContaining({ code: 'ENOTREG' }));
    expect(() => readRegularFile(path, { followsLinks: false })).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    );
  });

  test('a file of a session that is larger than its limit is refused', () => {
    const path = join(temporaryFolder(), 'x.json');
    writeFileSync(path, Buffer.alloc(1000, 'x'));
    expect(readRegularFile(path, { maxBytes: 1000 }).length).toBe(1000);
    expect(() => readRegularFile(path, { maxBytes: 999 })).toThrow(
      expect.objectContaining({ code: 'EFBIG' }),
    );
  });

  test('a journal record whose number leaves no numbers for later records is ignored', () => {
    const record = encodeRecord(Number.MAX_SAFE_INTEGER, new Map([['session', new Map([['a', '1']])]]));
    expect(decodeJournals([record])).toMatchObject({ records: [], sequence: 0 });
  });

  test.runIf(isRoot)('a session folder of another user is used with a warning', async () => {
    const path = await closedSession();
    chownSync(path, 65_534, 65_534);
    const { lines, log } = recordingLog();
    await openQuietly(path, { log });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', facts: { ownerUid: 65_534, uid: 0 } }),
    );
    expect(checkFolder(path)).toMatchObject({ state: 'warning', text: expect.stringContaining('65534') });
  });
});

describe('notes of any content', () => {
  const NOTES = [
    'null',
    '5',
    '[]',
    '"x"',
    '{}',
    '{"atMs":1e300}',
    '{"atMs":"x","reason":{"a":1}}',
    '{"from":5,"old":[1]}',
    '',
  ];

  test.each(NOTES)('logged-out.json with %s: status reports a logout and does not fail', async (note) => {
    const path = await closedSession();
    writeFileSync(join(path, 'logged-out.json'), note);
    const { facts, lines } = await reportStatus(path);
    expect(facts).toMatchObject({ loggedOut: { at: expect.any(String), reason: expect.any(String) } });
    expect(lines.join('\n')).toContain('Logout:');
  });

  test.each(NOTES)('restoring.json with %s: the start says that a restore was cut off', async (note) => {
    const path = await closedSession();
    writeFileSync(join(path, 'restoring.json'), note);
    const { problem } = await sessionStatus(path);
    expect(problem).toBeDefined();
    await expect(openSession(path, recordingLog())).rejects.toMatchObject({
      code: 'SESSION_UNUSABLE',
      message: problem,
    });
  });

  test.each(NOTES)('owner.json with %s: the session opens', async (note) => {
    const path = await closedSession();
    writeFileSync(join(path, 'owner.json'), note);
    expect((await openQuietly(path)).wasLinked).toBe(true);
  });

  test('names of files reach a report on one line and without control characters', async () => {
    const status = await sessionStatus(await closedSession());
    const { text } = checkDamage(status, ['session-\u001b[2J\u009b1m\u202e\nfake line.json']);
    expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe.runIf(isRoot && process.platform === 'linux')('a socket in the temporary folder', () => {
  test('a socket that another user made in the temporary folder does not own the session', async () => {
    const path = await closedSession();
    const { dev, ino } = statSync(path);
    const name = (ticket: string): string => join(tmpdir(), `perennial-${dev}-${ino}-${ticket}.sock`);
    const said = JSON.stringify({ pid: 4, host: 'elsewhere', sinceMs: 1, ticket: '0', isOwner: true });
    const planted = name('0');
    const server = createServer((socket) => void socket.end(said));
    await new Promise<void>((resolve) => server.listen(planted, resolve));
    onTestFinished(() => void server.close());
    expect(await currentOwner(path)).toMatchObject({ host: 'elsewhere' });
    chownSync(planted, 65_534, 65_534);
    expect(await currentOwner(path)).toBeUndefined();
    expect(readFileSync(join(path, 'creds.json')).length).toBeGreaterThan(0);
  });
});
