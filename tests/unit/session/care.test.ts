import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proto } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { backupSession, copySession } from '../../../src/session/backup.ts';
import { checkLine, reportStatus } from '../../../src/session/care.ts';
import { checkNode } from '../../../src/session/doctor.ts';
import { checkClock } from '../../../src/session/doctor-network.ts';
import { encodeRecord } from '../../../src/session/record.ts';
import { restoreSession } from '../../../src/session/restore.ts';
import { openSession } from '../../../src/session/store.ts';
import { surveyFiles, typeOfFile } from '../../../src/session/survey.ts';
import { formatBytes, formatTime } from '../../../src/session/words.ts';
import {
  KEY_TYPES,
  linkedCreds,
  openQuietly,
  recordingLog,
  sessionPath,
  stockFolder,
  temporaryFolder,
} from './helpers.ts';

describe('a copy', () => {
  test('that a checkpoint runs through is made again, and misses nothing', async () => {
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
        writeFileSync(join(path, 'journal-5.log'), '');
      },
    });
    expect(isCopied).toBe(true);
    const copy = await openQuietly(to);
    expect(copy.get('session', ['a'])).toEqual({ a: { n: 'new' } });
  });

  test('that the credentials change under is made again: pre-keys may be newer than they are, never older', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    session.set({ session: { a: { n: 1 } } });
    const to = temporaryFolder();
    let rounds = 0;
    await copySession(path, to, {
      onProgress: (done) => {
        if (done !== 1 || ++rounds > 3) return;
        session.creds.nextPreKeyId = 10 + rounds;
        session.saveCreds();
        session.set({ 'pre-key': { [9 + rounds]: session.creds.noiseKey } });
      },
    });
    expect(rounds).toBeGreaterThan(3);
    const copy = await openQuietly(to);
    expect(copy.creds.nextPreKeyId).toBe(13);
    expect(Object.keys(copy.get('pre-key', ['10', '11', '12']))).toEqual(['10', '11', '12']);
  });

  test('a file that was removed meanwhile is not in it', async () => {
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

  test('a backup that fails leaves nothing behind', async () => {
    const path = sessionPath();
    await stockFolder(path);
    writeFileSync(join(path, 'creds.json'), '{');
    const target = join(temporaryFolder(), 'copy');
    await expect(backupSession(path, target)).rejects.toMatchObject({ code: 'SESSION_UNUSABLE' });
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
    session.set({ 'lid-mapping': { round: `${round}` } });
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

describe('status', () => {
  test('knows every type of file', async () => {
    const path = sessionPath();
    await stockFolder(path);
    mkdirSync(join(path, 'bot1'));
    for (const type of KEY_TYPES) {
      expect(surveyFiles(path).find((one) => one.type === type)).toMatchObject({ files: 1 });
    }
    expect(typeOfFile('table-inbox.json')).toBe('table');
    expect(typeOfFile('creds.backup.json')).toBe('credentials');
    expect(typeOfFile('session-a.json.damaged')).toBe('damaged');
    expect(typeOfFile('journal-12.log')).toBe('journal');
    expect(typeOfFile('whatever.json')).toBe('other');
  });

  test('says since when the account is linked, by what the phone wrote down', async () => {
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
  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KB'],
    [150 * 1024, '150 KB'],
    [5 * 1024 ** 3, '5.0 GB'],
  ])('%i bytes are %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

  test('a time that is none is unknown', () => {
    for (const atMs of [0, Number.NaN, 1e20, -5]) expect(formatTime(atMs)).toBe('an unknown time');
  });

  test.each([
    ['v20.18.9', '✗ Node.js: v20.18.9. To mend it: install 20.19 or newer'],
    ['v20.19.0', '✓ Node.js: v20.19.0'],
    ['v22.1.0', '✓ Node.js: v22.1.0'],
  ])('Node.js %s', (version, line) => expect(checkLine(checkNode(version))).toBe(line));

  test.each([
    [1_000_000, 1_000_500, undefined, '✓'],
    [1_000_000, 1_100_000, undefined, '✗'],
    [1_100_000, 1_000_000, undefined, '✗'],
    [1_000_000, undefined, undefined, '✓'],
    [1_000_000, undefined, 2_000_000, '!'],
    [1_000_000, 1_000_000, 2_000_000, '✓'],
  ])('a clock at %i, the server’s at %s, the newest file at %s: %s', (now, server, newest, sign) => {
    expect(checkLine(checkClock(now, server, newest)).startsWith(sign)).toBe(true);
  });
});
