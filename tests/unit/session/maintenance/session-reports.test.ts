import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { proto } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { checkNode } from '../../../../src/doctor/doctor.ts';
import { checkLine } from '../../../../src/doctor/doctor-check.ts';
import { checkDamage, checkLock } from '../../../../src/doctor/doctor-folder.ts';
import { checkClock } from '../../../../src/doctor/doctor-network.ts';
import { realFileSystem } from '../../../../src/session/folder/file-system.ts';
import { writeRestoreNote } from '../../../../src/session/folder/restore-note.ts';
import { encodeRecord } from '../../../../src/session/journal/journal-record.ts';
import { backupSession, copySession } from '../../../../src/session/maintenance/backup.ts';
import { countFiles, typeOfFile, unreadableKeys } from '../../../../src/session/maintenance/count-files.ts';
import { formatTime } from '../../../../src/session/maintenance/format-report.ts';
import { restoreSession } from '../../../../src/session/maintenance/restore.ts';
import { reportRestore, reportStatus } from '../../../../src/session/maintenance/session-reports.ts';
import { sessionStatus } from '../../../../src/session/maintenance/session-status.ts';
import { openSession } from '../../../../src/session/session-store.ts';
import {
  KEY_TYPES,
  linkedCreds,
  openQuietly,
  recordingLog,
  sessionPath,
  stockFolder,
  temporaryFolder,
} from '../helpers.ts';

describe('a copy', () => {
  test.each([5, 4])(
    'a copy during which a checkpoint is made is made again and has every value, also if the next journal is number %i',
    async (next) => {
      const path = sessionPath();
      await stockFolder(path);
      const to = temporaryFolder();
      const journal = join(path, 'journal-4.log');
      const key = join(path, 'session-a.json');
      writeFileSync(journal, encodeRecord(1, new Map([['session', new Map([['a', '{"n":"new"}']])]])));
      writeFileSync(key, '{"n":"old"}');
      let isCopied = false;
      await copySession(path, to, {
        onProgress: () => {
          if (isCopied || !existsSync(join(to, 'session-a.json'))) return;
          isCopied = true;
          writeFileSync(key, '{"n":"new"}');
          rmSync(journal);
          writeFileSync(join(path, `journal-${next}.log`), '');
        },
      });
      expect(isCopied).toBe(true);
      const copy = await openQuietly(to);
      expect(copy.get('session', ['a'])).toEqual({ a: { n: 'new' } });
    },
  );

  test('a copy is made again if the credentials change meanwhile: pre-keys may be newer than the credentials, never older', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    void session.set({ session: { a: { n: 1 } } });
    const to = temporaryFolder();
    let rounds = 0;
    await copySession(path, to, {
      onProgress: (done) => {
        if (done !== 1 || ++rounds > 3) return;
        session.creds.nextPreKeyId = 10 + rounds;
        session.saveCreds();
        void session.set({ 'pre-key': { [9 + rounds]: session.creds.noiseKey } });
      },
    });
    expect(rounds).toBeGreaterThan(3);
    const copy = await openQuietly(to);
    expect(copy.creds.nextPreKeyId).toBe(13);
    expect(Object.keys(copy.get('pre-key', ['10', '11', '12']))).toEqual(['10', '11', '12']);
  });

  test('a file that was removed while the copy was made is not in the copy', async () => {
    const path = sessionPath();
    await stockFolder(path);
    const to = temporaryFolder();
    let isRemoved = false;
    await copySession(path, to, {
      onProgress: (done, total) => {
        if (isRemoved || done !== total - 1) return;
        isRemoved = true;
        rmSync(join(path, 'session-1-2.json'));
        writeFileSync(join(path, 'creds.json'), readFileSync(join(path, 'creds.json')));
      },
    });
    expect(isRemoved).toBe(true);
    expect(existsSync(join(to, 'session-1-2.json'))).toBe(false);
  });

  test('a backup that fails leaves no folder behind', async () => {
    const path = sessionPath();
    await stockFolder(path);
    writeFileSync(join(path, 'creds.json'), '{');
    const target = join(temporaryFolder(), 'copy');
    // The message names the session, not a copy that is gone by then.
    await expect(backupSession(path, target)).rejects.toMatchObject({
      code: 'SESSION_UNUSABLE',
      message: expect.stringContaining(join(path, 'creds.json')),
    });
    expect(readdirSync(join(target, '..'))).toEqual([]);
  });
});

test('a restored session can be restored from in turn: the one before is kept each time', async () => {
  const path = sessionPath();
  await stockFolder(path);
  const copy = join(temporaryFolder(), 'copy');
  await backupSession(path, copy);
  const kept: string[] = [];
  for (let round = 1; round <= 3; round++) {
    const session = await openSession(path, recordingLog());
    expect(session.get('lid-mapping', ['round'])).toEqual({});
    void session.set({ 'lid-mapping': { round: `${round}` } });
    await session.close();
    const { before = '' } = await restoreSession(path, copy, {
      now: () => new Date(Date.UTC(2026, 0, round)),
    });
    kept.push(before);
  }
  expect(kept[0]).toBe(`${path}.before-2026-01-01T00-00-00-000Z`);
  for (const [index, before] of kept.entries()) {
    const session = await openQuietly(before);
    expect(session.get('lid-mapping', ['round'])).toEqual({ round: `${index + 1}` });
  }
});

describe('a restore', () => {
  test('a restore that may not write beside the session keeps the former session inside of the folder', async () => {
    const path = sessionPath();
    await stockFolder(path);
    mkdirSync(join(path, 'bot1'));
    const copy = join(temporaryFolder(), 'copy');
    await backupSession(path, copy);
    writeFileSync(join(path, 'session-late.json'), '{}');
    // As in a container whose volume is the session: what lies beside it is another file system.
    const { before = '' } = await restoreSession(path, copy, {
      now: () => new Date(Date.UTC(2026, 0, 1)),
      roomFor: (folder) => join(folder, '/'),
    });
    expect(before).toBe(join(path, 'before-2026-01-01T00-00-00-000Z'));
    expect(existsSync(join(before, 'session-late.json'))).toBe(true);
    expect(existsSync(join(path, 'session-late.json'))).toBe(false);
    expect(existsSync(join(path, 'bot1'))).toBe(true);
    expect(readdirSync(join(path, '..'))).toEqual(['sessions']);
    const session = await openQuietly(path);
    expect(session.wasLinked).toBe(true);
    // What is inside can be restored in turn.
    await session.close();
    await restoreSession(path, before);
    expect(existsSync(join(path, 'session-late.json'))).toBe(true);
  });

  test('a restore from the session of a running bot is refused, because two copies of one session must never run', async () => {
    const running = await openQuietly(sessionPath());
    Object.assign(running.creds, linkedCreds());
    running.saveCreds();
    const path = sessionPath();
    await expect(restoreSession(path, running.path)).rejects.toMatchObject({
      code: 'SESSION_LOCKED',
      message: expect.stringMatching(new RegExp(`${running.path} .*process ${process.pid} `)),
    });
    expect(existsSync(path)).toBe(false);
  });

  test('a restore says how many keys of the backup are damaged', async () => {
    const from = sessionPath();
    await stockFolder(from);
    writeFileSync(join(from, 'pre-key-7.json'), '{');
    const { facts, lines } = await reportRestore(sessionPath(), from, {});
    expect(facts).toMatchObject({ damagedFiles: 1, before: null });
    expect(lines).toContainEqual(expect.stringMatching(/^1 file /));
  });

  test('a restore that cannot move a file leaves the former session whole', async () => {
    const path = sessionPath();
    await stockFolder(path);
    const copy = join(temporaryFolder(), 'copy');
    await backupSession(path, copy);
    writeFileSync(join(copy, 'session-new.json'), '{}');
    writeFileSync(join(path, 'session-late.json'), '{}');
    // A folder that belongs to somebody else stays where it is.
    mkdirSync(join(path, 'session-new.json'));
    const before = readdirSync(path);
    await expect(restoreSession(path, copy)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      cause: { code: 'EISDIR' },
    });
    expect(readdirSync(path).filter((name) => name !== '.lock')).toEqual(before);
    expect(readdirSync(join(path, '..'))).toEqual(['sessions']);
    expect((await openQuietly(path)).get('session', ['late'])).toEqual({ late: {} });
  });

  describe('after one that was cut off', () => {
    /** As a kill leaves it: some of the old files are away, and some of the new ones there. */
    async function cutOff() {
      const path = sessionPath();
      await stockFolder(path);
      const copy = join(temporaryFolder(), 'copy');
      await backupSession(path, copy);
      writeFileSync(join(copy, 'session-new.json'), '{}');
      writeFileSync(join(path, 'session-late.json'), '{"n":1}');
      const old = readdirSync(path).filter((name) => statSync(join(path, name)).isFile());
      const before = `${path}.before-2026-01-01T00-00-00-000Z`;
      mkdirSync(before);
      const away = ['creds.json', 'session-late.json'];
      for (const name of away) renameSync(join(path, name), join(before, name));
      writeFileSync(join(path, 'session-late.json'), '{"n":"new"}');
      writeFileSync(join(path, 'session-new.json'), '{}');
      writeFileSync(join(copy, 'session-late.json'), '{"n":"new"}');
      writeRestoreNote(realFileSystem, path, { from: copy, before, old });
      return { path, copy, old, before };
    }

    test('a restore after one that was cut off keeps the former session in one piece', async () => {
      const { path, copy, old } = await cutOff();
      const { before = '' } = await restoreSession(path, copy);
      expect(readdirSync(before).sort()).toEqual(old.sort());
      expect(readdirSync(join(path, '..')).sort()).toEqual(['sessions', basename(before)].sort());
      expect((await openQuietly(before)).get('session', ['late'])).toEqual({ late: { n: 1 } });
      expect((await openQuietly(path)).get('session', ['late'])).toEqual({ late: { n: 'new' } });
    });

    test('a restore that fails after one that was cut off puts the former session back', async () => {
      const { path, copy } = await cutOff();
      rmSync(join(path, 'session-new.json'));
      mkdirSync(join(path, 'session-new.json'));
      await expect(restoreSession(path, copy)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        cause: { code: 'EISDIR' },
      });
      expect(readdirSync(join(path, '..'))).toEqual(['sessions']);
      const session = await openQuietly(path);
      expect(session.wasLinked).toBe(true);
      expect(session.get('session', ['late'])).toEqual({ late: { n: 1 } });
    });

    test('a restore that cannot put the former session back says where it is, and no start takes the rest for a new session', async () => {
      const { path, copy, before } = await cutOff();
      mkdirSync(join(path, 'creds.json'));
      const where = expect.stringContaining(before);
      await expect(restoreSession(path, copy)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        message: where,
      });
      await expect(openSession(path, recordingLog())).rejects.toMatchObject({
        code: 'SESSION_UNUSABLE',
        message: where,
      });
      expect(existsSync(join(before, 'creds.json'))).toBe(true);
    });
  });

  test('a restore that fails leaves no new folder', async () => {
    const from = sessionPath();
    await stockFolder(from);
    const path = sessionPath();
    const onProgress = (): never => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await expect(restoreSession(path, from, { onProgress })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('make room'),
      cause: { code: 'ENOSPC' },
    });
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });
});

describe('what a doctor sees of the files', () => {
  test('doctor names the files that hold no key, without a whole number', async () => {
    const path = sessionPath();
    await stockFolder(path);
    expect(unreadableKeys(path)).toEqual([]);
    writeFileSync(join(path, 'session-15551234567.0.json'), '{"v');
    writeFileSync(join(path, 'pre-key-7.json'), '');
    writeFileSync(join(path, 'whatever.json'), '{');
    expect(unreadableKeys(path).sort()).toEqual(['pre-key-7.json', 'session-15551234567.0.json']);
    const check = checkDamage(await sessionStatus(path), unreadableKeys(path));
    expect(check).toEqual({
      name: 'Files',
      state: 'warning',
      text: expect.stringMatching(/^2 of \d+ .*pre-key-7\.json/),
      mend: expect.any(String),
    });
    expect(checkLine(check)).not.toContain('15551234567');
  });

  test('doctor warns of an owner that hangs, and says what to do', async () => {
    const path = sessionPath();
    await stockFolder(path);
    const owner = { pid: 4711, host: 'here', sinceMs: 1_767_312_000_000, isSilent: true };
    const status = { ...(await sessionStatus(path)), owner };
    expect(checkLock(status)).toEqual({
      name: 'Lock',
      state: 'warning',
      text: expect.stringContaining('process 4711 on here'),
      mend: expect.stringContaining('kill -CONT 4711'),
    });
    expect(checkLock({ ...status, owner: { ...owner, pid: 0 } })).toEqual({
      name: 'Lock',
      state: 'warning',
      text: expect.not.stringContaining('process 0'),
      mend: expect.not.stringContaining('kill'),
    });
    expect(checkLock({ ...status, owner: { ...owner, isSilent: false } })).toMatchObject({
      name: 'Lock',
      state: 'ok',
    });
  });
});

describe('status', () => {
  test('status knows every type of file', async () => {
    const path = sessionPath();
    await stockFolder(path);
    mkdirSync(join(path, 'bot1'));
    for (const type of KEY_TYPES) {
      expect(countFiles(path).find((one) => one.type === type)).toMatchObject({ files: 1 });
    }
    expect(typeOfFile('table-inbox.json')).toBe('table');
    expect(typeOfFile('creds.backup.json')).toBe('credentials');
    expect(typeOfFile('session-a.json.damaged')).toBe('damaged');
    expect(typeOfFile('journal-12.log')).toBe('journal');
    expect(typeOfFile('whatever.json')).toBe('other');
  });

  test('status says since when the account is linked, by the time that the phone noted', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    const details = proto.ADVDeviceIdentity.encode({
      timestamp: 1_767_312_000,
      rawId: 5,
      keyIndex: 1,
    }).finish();
    session.creds.account = { ...session.creds.account, details };
    session.saveCreds();
    const { lines, facts } = await reportStatus(path);
    expect(lines.join('\n')).toMatch(/Linked: {3}to 1555•••567 since 2026-01-02 00:00:00 UTC/);
    expect(facts).toMatchObject({ linkedAt: '2026-01-02T00:00:00.000Z', owner: { pid: process.pid } });
    const all = JSON.stringify([lines, facts]);
    const { creds } = session;
    for (const secret of [creds.advSecretKey, '15551234567', '98765432109876'])
      expect(all).not.toContain(secret);
  });
});

describe('words', () => {
  test('status shows an invalid time as unknown', () => {
    for (const atMs of [0, Number.NaN, 1e20, -5]) expect(formatTime(atMs)).toBe('an unknown time');
  });

  test.each([
    ['v20.18.9', '✗ Node.js: v20.18.9. To fix it: install 20.19 or newer'],
    ['v20.19.0', '✓ Node.js: v20.19.0'],
    ['v22.1.0', '✓ Node.js: v22.1.0'],
  ])('doctor prints for Node.js %s: %s', (version, line) => expect(checkLine(checkNode(version))).toBe(line));

  test.each([
    [1_000_000, 1_000_500, undefined, '✓'],
    [1_000_000, 1_100_000, undefined, '✗'],
    [1_100_000, 1_000_000, undefined, '✗'],
    [1_000_000, undefined, undefined, '✓'],
    [1_000_000, undefined, 2_000_000, '!'],
    [1_000_000, 1_000_000, 2_000_000, '✓'],
  ])(
    'the line of doctor for a clock at %i, the server’s at %s and the newest file at %s begins with %s',
    (now, server, newest, sign) => {
      expect(checkLine(checkClock(now, server, newest)).startsWith(sign)).toBe(true);
    },
  );
});
