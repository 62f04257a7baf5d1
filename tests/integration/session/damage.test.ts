import { isUtf8 } from 'node:buffer';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuthenticationCreds, BufferJSON } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../bench/seeded.ts';
import { keyFileName } from '../../../src/session/folder/file-names.ts';
import { realFileSystem } from '../../../src/session/folder/file-system.ts';
import { credentialsToJson } from '../../../src/session/identity/credentials-json.ts';
import { loadCredentials } from '../../../src/session/identity/load-credentials.ts';
import { openSession } from '../../../src/session/session-store.ts';
import { keyToJson } from '../../../src/session/values/key-json.ts';
import {
  oldTableFileName,
  pageFileName,
  TABLE_INDEX,
  TABLE_NAMES,
} from '../../../src/session/values/table-names.ts';
import {
  KEY_TYPES,
  linkedCreds,
  openQuietly,
  plain,
  recordingLog,
  sampleKeys,
  seed,
  sessionPath,
  stockFolder,
  temporaryFolder,
} from '../../unit/session/helpers.ts';

/** An error that names the file. */
const UNUSABLE = expect.objectContaining({
  code: 'SESSION_UNUSABLE',
  message: expect.stringContaining('creds.json'),
});

const random = seeded(seed);
const under = (limit: number): number => Math.floor(random() * limit);
/** Noise over a part of it, or all of it, and never text: the loader cannot tell one name of a person from another. */
function withNoise(content: Buffer): Buffer {
  const noisy = Buffer.from(content);
  const start = under(noisy.length);
  const end = start + 1 + under(noisy.length - start);
  for (let at = start; at < end; at++) noisy[at] = 128 + under(128);
  if (isUtf8(noisy)) noisy[start] = 0xff;
  return noisy;
}
const snapshot = (path: string): Map<string, string> =>
  new Map(
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(path, name), 'latin1')]),
  );

describe(`creds.json (SEED=${seed})`, () => {
  const good = credentialsToJson(linkedCreds());
  const variants = (): Array<[string, Buffer]> => {
    const whole = Buffer.from(good);
    const cut = Array.from({ length: whole.length }, (_, length): [string, Buffer] => [
      `cut at ${length}`,
      whole.subarray(0, length),
    ]);
    const noisy = Array.from({ length: 200 }, (_, n): [string, Buffer] => [`noise ${n}`, withNoise(whole)]);
    const zeros: [string, Buffer] = ['zeros', Buffer.alloc(whole.length)];
    return [...cut, ...noisy, zeros, ['null', Buffer.from('null')], ['{}', Buffer.from('{}')]];
  };

  test('a creds.json that is cut at any length or full of noise is replaced by its copy', {
    timeout: 120_000,
  }, () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'creds.backup.json'), good);
    for (const [what, content] of variants()) {
      writeFileSync(join(folder, 'creds.json'), content);
      const loaded = loadCredentials(realFileSystem, folder);
      expect([what, loaded.source, plain(loaded.creds)]).toEqual([
        what,
        'copy',
        plain(JSON.parse(good, BufferJSON.reviver)),
      ]);
    }
  });

  test('a creds.json that is cut at any length or full of noise, without a good copy, is refused: there is never a new identity', {
    timeout: 120_000,
  }, () => {
    const folder = temporaryFolder();
    for (const copy of [undefined, '', '{"noiseKey":']) {
      if (copy !== undefined) writeFileSync(join(folder, 'creds.backup.json'), copy);
      for (const [index, [what, content]] of variants().entries()) {
        if (copy !== undefined && index % 40 !== 0) continue;
        writeFileSync(join(folder, 'creds.json'), content);
        expect(() => loadCredentials(realFileSystem, folder), what).toThrow(UNUSABLE);
      }
    }
  });

  test('flipped bits in a key of creds.json are noticed', () => {
    const folder = temporaryFolder();
    const creds = linkedCreds();
    for (const key of [creds.noiseKey, creds.signedIdentityKey, creds.signedPreKey.keyPair]) {
      for (const half of [key.private, key.public]) {
        half[7] = (half[7] ?? 0) ^ 0x10;
        writeFileSync(join(folder, 'creds.json'), credentialsToJson(creds));
        expect(() => loadCredentials(realFileSystem, folder)).toThrow(UNUSABLE);
        half[7] = (half[7] ?? 0) ^ 0x10;
      }
    }
    writeFileSync(join(folder, 'creds.json'), credentialsToJson(creds));
    expect(loadCredentials(realFileSystem, folder).source).toBe('file');
  });

  test('a damaged signature in creds.json, and a missing link, are noticed', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'creds.backup.json'), good);
    const hit = good.replace(/("accountSignature":\{"type":"Buffer","data":")./, '$1é');
    const unlinked = good.replace('"account":', '"acc0unt":');
    for (const content of [hit, unlinked]) {
      expect(content).not.toBe(good);
      writeFileSync(join(folder, 'creds.json'), content);
      expect(loadCredentials(realFileSystem, folder)).toMatchObject({
        source: 'copy',
        problem: 'is damaged',
      });
    }
  });

  test('a link in creds.json that lacks a part, or is gone after the first login, counts as damage and does not lead to a new pairing', () => {
    const folder = temporaryFolder();
    const creds = linkedCreds();
    const parts = ['details', 'accountSignature', 'deviceSignature'] as const;
    const accounts = [
      ...parts.map((part) => ({ ...creds.account, [part]: undefined })),
      ...parts.map((part) => ({ ...creds.account, [part]: Buffer.alloc(0) })),
      ...parts.map((part) => ({ ...creds.account, [part]: 7 })),
      {},
      'account',
      undefined,
      null,
    ];
    for (const account of accounts) {
      const damaged = { ...creds, account, firstUnuploadedPreKeyId: 31 } as AuthenticationCreds;
      const text = credentialsToJson(damaged);
      rmSync(join(folder, 'creds.backup.json'), { force: true });
      writeFileSync(join(folder, 'creds.json'), text);
      expect(() => loadCredentials(realFileSystem, folder), text).toThrow(UNUSABLE);
      expect(readFileSync(join(folder, 'creds.json'), 'utf8')).toBe(text);
      writeFileSync(join(folder, 'creds.backup.json'), credentialsToJson(creds));
      expect(loadCredentials(realFileSystem, folder)).toMatchObject({
        source: 'copy',
        problem: 'is damaged',
      });
    }
  });

  test('a link whose parts are base64 without a mark, as Baileys writes them, is whole', () => {
    const folder = temporaryFolder();
    const creds = linkedCreds();
    const account = Object.fromEntries(
      Object.entries(creds.account ?? {}).map(([name, bytes]) => [
        name,
        Buffer.from(bytes).toString('base64'),
      ]),
    );
    const text = credentialsToJson({ ...creds, account } as unknown as AuthenticationCreds);
    writeFileSync(join(folder, 'creds.json'), text);
    expect(loadCredentials(realFileSystem, folder).source).toBe('file');
  });

  test('a refusal of a damaged session names the file and what to do, and changes no file', async () => {
    for (const [what, content] of [...variants()].filter((_, index) => index % 300 === 1)) {
      const path = sessionPath();
      await stockFolder(path);
      chmodSync(path, 0o700);
      writeFileSync(join(path, '.gitignore'), '*\n');
      writeFileSync(join(path, 'creds.json'), content);
      const before = snapshot(path);
      await expect(openSession(path, recordingLog()), what).rejects.toMatchObject({
        code: 'SESSION_UNUSABLE',
        exitCode: 78,
        message: expect.stringMatching(/creds\.json is .*Put a backup of .* back.*rm -rf/s),
      });
      expect(snapshot(path)).toEqual(before);
    }
  });

  test('after a restore creds.json is whole, the damaged file lies beside it, and the copy is whole too', async () => {
    for (const [what, content] of [...variants()].filter((_, index) => index % 300 === 7)) {
      const path = sessionPath();
      await stockFolder(path);
      await (await openSession(path, recordingLog())).close();
      const saved = readFileSync(join(path, 'creds.backup.json'), 'utf8');
      writeFileSync(join(path, 'creds.json'), content);
      const session = await openQuietly(path);
      expect([what, session.wasLinked]).toEqual([what, true]);
      expect(readFileSync(join(path, 'creds.json'), 'utf8')).toBe(saved);
      expect(readFileSync(join(path, 'creds.backup.json'), 'utf8')).toBe(saved);
      expect(readFileSync(join(path, 'creds.json.damaged'))).toEqual(content);
      await session.close();
    }
  });

  test('a damaged copy of creds.json is replaced', async () => {
    const path = sessionPath();
    await stockFolder(path);
    writeFileSync(join(path, 'creds.backup.json'), 'noise');
    await openQuietly(path);
    expect(plain(JSON.parse(readFileSync(join(path, 'creds.backup.json'), 'utf8')))).toEqual(
      plain(JSON.parse(readFileSync(join(path, 'creds.json'), 'utf8'))),
    );
  });
});

describe(`key files (SEED=${seed})`, () => {
  test.each(KEY_TYPES)(
    'a key file %s that is cut at any length or full of noise is set aside and reported, and the session opens',
    async (type) => {
      const path = sessionPath();
      await stockFolder(path);
      const value = sampleKeys()[type];
      const whole = Buffer.from(keyToJson(type, value));
      const ids: string[] = [];
      const put = (id: string, content: Buffer): void => {
        ids.push(id);
        writeFileSync(join(path, keyFileName(type, id)), content);
      };
      for (let length = 0; length < whole.length; length++) put(`cut-${length}`, whole.subarray(0, length));
      for (let n = 0; n < 50; n++) put(`noise-${n}`, withNoise(whole));
      put('zeros', Buffer.alloc(whole.length));
      put('digit', Buffer.from('7'));
      writeFileSync(join(path, keyFileName(type, 'good')), whole);
      const { lines, log } = recordingLog();
      const session = await openQuietly(path, { log });
      expect(session.get(type, [...ids, 'good'])).toEqual({ good: session.get(type, ['good']).good });
      expect(plain(session.get(type, ['good']).good)).toEqual(plain(value));
      const told = lines.filter(({ facts }) => 'file' in facts);
      expect(told.map(({ facts }) => facts)).toEqual(ids.map((id) => ({ file: keyFileName(type, id) })));
      for (const id of ids) {
        expect(existsSync(join(path, keyFileName(type, id)))).toBe(false);
        expect(existsSync(join(path, `${keyFileName(type, id)}.damaged`))).toBe(true);
      }
      const [first = ''] = ids;
      await session.set({ [type]: { [first]: value } });
      await session.close();
      const again = await openQuietly(path);
      expect(plain(again.get(type, [first]))).toEqual(plain({ [first]: value }));
    },
  );

  test('a key without a file is missing, and no damage is reported', async () => {
    const { lines, log } = recordingLog();
    const session = await openQuietly(sessionPath(), { log });
    for (const type of KEY_TYPES) expect(session.get(type, ['none'])).toEqual({});
    expect(lines).toEqual([]);
  });

  test('a key file that holds `null` counts as no key', async () => {
    const path = sessionPath();
    await stockFolder(path);
    for (const type of KEY_TYPES) writeFileSync(join(path, keyFileName(type, 'none')), 'null');
    const { lines, log } = recordingLog();
    const session = await openQuietly(path, { log });
    for (const type of KEY_TYPES) expect(session.get(type, ['none'])).toEqual({});
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe(`tables (SEED=${seed})`, () => {
  const rows = Buffer.from(JSON.stringify({ a: { atMs: 1, text: 'x' }, b: [1, 2] }));
  /** What a damaged file may hold. */
  const damages = (): Buffer[] => [
    ...Array.from({ length: rows.length }, (_, length) => rows.subarray(0, length)),
    ...[Buffer.alloc(9), Buffer.from('[]'), Buffer.from('null'), withNoise(rows), withNoise(rows)],
  ];

  test.each([
    ['a file of an earlier version', oldTableFileName, undefined],
    [
      'a page',
      (name: (typeof TABLE_NAMES)[number]) => pageFileName(name, 1),
      { pages: Object.fromEntries(TABLE_NAMES.map((name) => [name, [1]])), merged: {} },
    ],
  ] as const)(
    '%s cut at any length or full of noise is set aside and told, and the others are untouched',
    async (_, fileNameOf, index) => {
      const contents = damages();
      while (contents.length > 0) {
        const path = sessionPath();
        await stockFolder(path);
        if (index) writeFileSync(join(path, TABLE_INDEX), JSON.stringify(index));
        const damaged = new Map(
          TABLE_NAMES.slice(1).map((name) => [name, contents.pop() ?? Buffer.from('{')]),
        );
        writeFileSync(join(path, fileNameOf('inbox')), rows);
        for (const [name, content] of damaged) writeFileSync(join(path, fileNameOf(name)), content);
        const { lines, log } = recordingLog();
        const session = await openSession(path, { log });
        expect(session.rows('inbox').size).toBe(2);
        for (const [name, content] of damaged) {
          expect(session.rows(name).size).toBe(0);
          expect(lines).toContainEqual(
            expect.objectContaining({ level: 'warn', facts: { file: fileNameOf(name) } }),
          );
          expect(readFileSync(join(path, `${fileNameOf(name)}.damaged`))).toEqual(content);
          await session.set({ [name]: { row: 1 } });
        }
        await session.close();
        const again = await openSession(path, { log });
        expect(again.rows('inbox').size).toBe(2);
        for (const name of damaged.keys()) expect([...again.rows(name)]).toEqual([['row', 1]]);
        await again.close();
      }
    },
  );

  test('a damaged index is reported, and the pages are found by their names', async () => {
    for (const content of [
      Buffer.from('{"pages":'),
      Buffer.from('{"pages":{"inbox":["x"]},"merged":{}}'),
      Buffer.alloc(9),
    ]) {
      const path = sessionPath();
      await stockFolder(path);
      writeFileSync(join(path, pageFileName('inbox', 2)), '{"b":2}');
      writeFileSync(join(path, pageFileName('inbox', 10)), '{"c":3}');
      writeFileSync(join(path, TABLE_INDEX), content);
      const { lines, log } = recordingLog();
      const session = await openQuietly(path, { log });
      expect([...session.rows('inbox')]).toEqual([
        ['b', 2],
        ['c', 3],
      ]);
      expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', facts: { file: TABLE_INDEX } }));
    }
  });
});

describe(`journals (SEED=${seed})`, () => {
  test('a session with cut, flipped and noisy journals opens, reads only values that were written, and reports the loss', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    session.saveCreds();
    for (let n = 0; n < 30; n++)
      void session.set({ session: { [`p${n % 7}`]: { n } }, inbox: { [`m${n}`]: { n } } });
    const name = readdirSync(path).find((one) => one.startsWith('journal-')) ?? '';
    const whole = readFileSync(join(path, name));
    const files = snapshot(path);
    for (let round = 0; round < 40; round++) {
      const copy = temporaryFolder();
      for (const [file, content] of files) writeFileSync(join(copy, file), content, 'latin1');
      const isCut = round % 2 === 0;
      writeFileSync(join(copy, name), isCut ? whole.subarray(0, under(whole.length)) : withNoise(whole));
      const { lines, log } = recordingLog();
      const opened = await openSession(copy, { log });
      for (const [id, value] of Object.entries(
        opened.get('session', ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']),
      )) {
        const { n } = value as { n: number };
        expect([id, Number.isInteger(n) && n >= 0 && n < 30]).toEqual([`p${n % 7}`, true]);
      }
      for (const [id, row] of opened.rows<{ n: number }>('inbox')) expect(id).toBe(`m${row.n}`);
      const isTold = lines.some(({ facts }) => 'records' in facts);
      if (isCut) expect(isTold).toBe(false);
      else if (opened.rows('inbox').has('m29') && opened.rows('inbox').size < 30) {
        expect([round, isTold || opened.rows('inbox').has('m0') === false]).toEqual([round, true]);
      }
      await opened.set({ session: { p0: { n: 7 } } });
      await opened.close();
      rmSync(copy, { recursive: true });
    }
  });
});
