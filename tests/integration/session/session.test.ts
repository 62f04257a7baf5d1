import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SignalDataSet, useMultiFileAuthState } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { keyFileName } from '../../../src/session/folder/file-names.ts';
import { type FileSystem, realFileSystem } from '../../../src/session/folder/file-system.ts';
import { openSession } from '../../../src/session/session-store.ts';
import { TABLE_NAMES } from '../../../src/session/values/table-names.ts';
import { anyText } from '../../unit/any-text.ts';
import {
  changesOf,
  copyByCp,
  copyOf,
  KEY_TYPES,
  linkedCreds,
  openQuietly,
  plain,
  recordingLog,
  sampleKeys,
  sessionPath,
  stockFolder,
  temporaryFolder,
} from '../../unit/session/helpers.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const journals = (path: string): string[] => readdirSync(path).filter((name) => name.startsWith('journal-'));

describe('keys', () => {
  test.each(KEY_TYPES)(
    '%s is read at once, in a copy that is made now, after a clean close and after a second one',
    async (type) => {
      const path = sessionPath();
      const value = sampleKeys()[type];
      const session = await openQuietly(path);
      await session.set(changesOf(type, 'id:1', value));
      expect(plain(session.get(type, ['id:1', 'other']))).toEqual(plain({ 'id:1': value }));
      const killed = await openQuietly(copyOf(path));
      expect(plain(killed.get(type, ['id:1']))).toEqual(plain({ 'id:1': value }));
      await session.close();
      for (let round = 0; round < 2; round++) {
        const again = await openQuietly(path);
        expect(plain(again.get(type, ['id:1']))).toEqual(plain({ 'id:1': value }));
        await again.close();
      }
    },
  );

  test('keys of any type and id, also removed ones, are right before and after a kill and a close', async () => {
    const word = fc.oneof(
      fc.string({ maxLength: 40 }),
      anyText({ maxLength: 400 }),
      fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', '../../x', 'a/b:c', '\0', '\ud800'),
    );
    const type = word.filter((text) => !(TABLE_NAMES as readonly string[]).includes(text));
    // The library takes an object of numbers under numbers for bytes, and so do we.
    const fieldName = fc.string().map((text) => `k${text}`);
    const value = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.dictionary(fieldName, fc.integer()),
      fc.constant(null),
    );
    const key = fc.record({ type, id: word, value });
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 6 }), async (keys) => {
        const path = sessionPath();
        const session = await openSession(path, recordingLog());
        const expected = new Map<string, { type: string; id: string; value: unknown }>();
        for (const one of keys) {
          const values = Object.fromEntries([[one.id, one.value]]);
          await session.set(Object.fromEntries([[one.type, values]]));
          expected.set(keyFileName(one.type, one.id), one);
        }
        const check = (opened: typeof session): void => {
          for (const { type, id, value } of expected.values()) {
            const found = Object.entries(opened.get(type, [id]));
            if (value === null) expect(found).toEqual([]);
            else expect(plain(found)).toEqual(plain([[id, value]]));
          }
        };
        check(session);
        const killed = await openSession(copyOf(path), recordingLog());
        check(killed);
        await killed.close();
        await session.close();
        const again = await openSession(path, recordingLog());
        check(again);
        await again.close();
      }),
      { numRuns: process.env.LONG ? 300 : 25 },
    );
  });

  test("the names of key files are those of Baileys' own store, and always possible", () => {
    const text = fc.oneof(anyText({ maxLength: 300 }), fc.string());
    fc.assert(
      fc.property(text, text, (type, id) => {
        const name = keyFileName(type, id);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[/\0]/);
        const stock = `${type}-${id}.json`.replace(/\//g, '__').replace(/:/g, '-');
        const isOurs = name.startsWith('key-');
        expect(isOurs || name === stock).toBe(true);
      }),
    );
    expect(keyFileName('sender-key', '1@g.us::2::3')).toBe('sender-key-1@g.us--2--3.json');
    for (const own of ['creds', 'creds.backup', 'logged-out', 'table-inbox', 'owner']) {
      const [type = '', ...rest] = own.split('-');
      if (rest.length > 0) expect(keyFileName(type, rest.join('-'))).toMatch(/^key-/);
    }
  });

  test('setting the same object again writes nothing; an object that was changed in place is written', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    const memory: Record<string, boolean> = { a: true };
    await session.set({ 'sender-key-memory': { group: memory } });
    const { journalBytes } = session.facts();
    await session.set({ 'sender-key-memory': { group: memory } });
    expect(session.facts().journalBytes).toBe(journalBytes);
    const cached = session.get('sender-key-memory', ['group']).group as Record<string, boolean>;
    cached.b = true;
    await session.set({ 'sender-key-memory': { group: cached } });
    const killed = await openQuietly(copyOf(path));
    expect(killed.get('sender-key-memory', ['group'])).toEqual({ group: { a: true, b: true } });
    await session.checkpoint();
    const afterCheckpoint = session.facts().journalBytes;
    await session.set({ 'sender-key-memory': { group: cached } });
    expect(session.facts().journalBytes).toBe(afterCheckpoint);
  });

  test('the session reads more keys than the cache holds, and values that are larger than the cache', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    const big = 'x'.repeat(13 * 1024 * 1024);
    void session.set({ big: { one: 'small' } });
    void session.set({ big: { one: big } });
    expect(session.get('big', ['one'])).toEqual({ one: big });
    const text = 'x'.repeat(500_000);
    const ids = Array.from({ length: 30 }, (_, index) => `${index}`);
    for (const id of ids) void session.set({ session: { [id]: { id, text } } });
    const expected = Object.fromEntries(ids.map((id) => [id, { id, text }]));
    expect(session.get('session', ids)).toEqual(expected);
    await session.checkpoint();
    expect(session.get('session', ids)).toEqual(expected);
    expect(session.get('big', ['one'])).toEqual({ one: big });
  });
});

describe('tables', () => {
  test('rows of any JSON but null survive a kill and a close; null removes', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    const rows = { a: 0, b: false, c: '', d: { deep: [1] }, gone: 1, __proto__x: 2 };
    await session.set({ reminders: rows });
    await session.set({ reminders: { gone: null } });
    const expected = new Map(Object.entries(rows).filter(([id]) => id !== 'gone'));
    expect(new Map(session.rows('reminders'))).toEqual(expected);
    expect(new Map((await openQuietly(copyOf(path))).rows('reminders'))).toEqual(expected);
    await session.close();
    expect(new Map((await openQuietly(path)).rows('reminders'))).toEqual(expected);
  });

  test('a row and a key that were set together are there together', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    await session.set({ inbox: { m: { atMs: 1 } }, session: { s: { n: 1 } } });
    const size = statSync(join(path, journals(path)[0] ?? '')).size;
    for (let length = 0; length < size; length++) {
      const copy = copyOf(path);
      const file = join(copy, journals(copy)[0] ?? '');
      writeFileSync(file, readFileSync(file).subarray(0, length));
      const killed = await openSession(copy, recordingLog());
      expect(killed.rows('inbox').size).toBe(0);
      expect(killed.get('session', ['s'])).toEqual({});
      await killed.close();
      rmSync(copy, { recursive: true });
      length += 7;
    }
  });
});

describe('the stock layout', () => {
  test('a folder of Baileys opens as it is, and is private from then on', async () => {
    const path = sessionPath();
    await stockFolder(path);
    chmodSync(path, 0o755);
    const before = new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
    const session = await openQuietly(path);
    expect(session).toMatchObject({ wasLinked: true, isLinked: true });
    const samples = sampleKeys();
    for (const type of KEY_TYPES.filter((type) => type !== 'pre-key')) {
      expect(plain(session.get(type, ['1:2']))).toEqual(plain({ '1:2': samples[type] }));
    }
    for (const [name, content] of before) expect(readFileSync(join(path, name))).toEqual(content);
    expect(modeOf(path)).toBe(0o700);
    for (const name of before.keys()) expect(modeOf(join(path, name))).toBe(0o600);
  });

  test('after a clean close Baileys reads the whole folder, and no journal is left', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    const samples = sampleKeys();
    for (const type of KEY_TYPES) await session.set(changesOf(type, 'g@g.us::1:2', samples[type]));
    await session.set({ session: { gone: { n: 1 } } });
    await session.set({ session: { gone: null } });
    await session.close();
    expect(journals(path)).toEqual([]);
    const { state } = await useMultiFileAuthState(path);
    expect(plain(state.creds)).toEqual(plain(session.creds));
    for (const type of KEY_TYPES) {
      expect(plain(await state.keys.get(type, ['g@g.us::1:2']))).toEqual(
        plain({ 'g@g.us::1:2': samples[type] }),
      );
    }
    expect((await state.keys.get('session', ['gone'])).gone).toBeNull();
  });

  test('if Baileys and this session use a folder in turns, each reads the newest value', async () => {
    const path = sessionPath();
    await stockFolder(path);
    for (let round = 1; round <= 4; round++) {
      const session = await openSession(path, recordingLog());
      expect(session.get('session', ['chat'])).toEqual(round === 1 ? {} : { chat: { stock: round - 1 } });
      await session.set({ session: { chat: { ours: round } }, 'lid-mapping': { a: `${round}` } });
      await session.close();
      const { state } = await useMultiFileAuthState(path);
      expect(await state.keys.get('session', ['chat'])).toEqual({ chat: { ours: round } });
      expect(await state.keys.get('lid-mapping', ['a'])).toEqual({ a: `${round}` });
      await state.keys.set({ session: { chat: { stock: round } } } as unknown as SignalDataSet);
    }
  });
});

describe('the identity', () => {
  test('a new identity is saved by saveCreds, and is the same afterwards', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    expect(session.wasLinked).toBe(false);
    expect(existsSync(join(path, 'creds.json'))).toBe(false);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    const killed = await openQuietly(copyOf(path));
    expect(plain(killed.creds)).toEqual(plain(session.creds));
    expect(killed.wasLinked).toBe(true);
  });

  test('half a pairing does not count as a pairing', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, { me: { id: '15551234567@s.whatsapp.net' }, pairingCode: 'ABCD1234' });
    session.saveCreds();
    await session.close();
    const again = await openQuietly(path);
    expect(again).toMatchObject({ wasLinked: false, isLinked: false });
    expect(again.creds.me).toBeUndefined();
    expect(again.creds.pairingCode).toBeUndefined();
    expect(again.creds.signedIdentityKey).toEqual(session.creds.signedIdentityKey);
  });

  test.each(['missing', 'empty', 'damaged'])(
    'a creds.json %s is restored from the copy, with a warning',
    async (how) => {
      const path = sessionPath();
      const session = await openQuietly(path);
      Object.assign(session.creds, linkedCreds());
      session.saveCreds();
      session.creds.nextPreKeyId = 77;
      session.saveCreds();
      await session.close();
      const file = join(path, 'creds.json');
      if (how === 'missing') rmSync(file);
      else writeFileSync(file, how === 'empty' ? '' : '{"noiseKey":');
      const { lines, log } = recordingLog();
      const again = await openQuietly(path, { log });
      expect(plain(again.creds)).toEqual(plain(session.creds));
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          facts: { file: 'creds.json', problem: `is ${how}`, source: 'copy' },
        }),
      );
      await again.close();
      expect(plain((await openQuietly(path)).creds)).toEqual(plain(session.creds));
    },
  );

  test('a linked copy of creds.json is not replaced by an identity that is not linked', async () => {
    const path = sessionPath();
    await stockFolder(path);
    await (await openSession(path, recordingLog())).close();
    const linked = readFileSync(join(path, 'creds.backup.json'), 'utf8');
    rmSync(join(path, 'creds.json'));
    // What the stock function does if it cannot read: a new identity.
    const { saveCreds } = await useMultiFileAuthState(path);
    await saveCreds();
    const session = await openQuietly(path);
    session.saveCreds();
    expect(session.wasLinked).toBe(false);
    expect(readFileSync(join(path, 'creds.backup.json'), 'utf8')).toBe(linked);
  });

  test('the next pre-key id is repaired from files and from the journal', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    session.saveCreds();
    const key = sampleKeys()['pre-key'];
    await session.set({ 'pre-key': { 1: key, 31: key } });
    const killed = await openQuietly(copyOf(path));
    expect(killed.creds).toMatchObject({ nextPreKeyId: 32, firstUnuploadedPreKeyId: 32 });
    await session.close();
    const again = await openQuietly(path);
    expect(again.creds).toMatchObject({ nextPreKeyId: 32, firstUnuploadedPreKeyId: 32 });
  });

  test('pre-key ids that are ahead of the stored keys stay as they are', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, { nextPreKeyId: 900, firstUnuploadedPreKeyId: 880 });
    session.saveCreds();
    await session.set({ 'pre-key': { 899: sampleKeys()['pre-key'] } });
    const killed = await openQuietly(copyOf(path));
    expect(killed.creds).toMatchObject({ nextPreKeyId: 900, firstUnuploadedPreKeyId: 880 });
  });

  test('a logout leaves a note that the next opening finds', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    expect(session.logoutNote).toBeUndefined();
    session.noteLogout({ atMs: 5, reason: 'device_removed' });
    await session.close();
    expect((await openQuietly(path)).logoutNote).toEqual({ atMs: 5, reason: 'device_removed' });
  });
});

describe('the folder', () => {
  test('the session folder and its files are private, and git ignores them', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    session.saveCreds();
    await session.set({ session: { a: { n: 1 } }, client: { b: 1 } });
    await session.checkpoint();
    expect(modeOf(path)).toBe(0o700);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile()) expect([entry.name, modeOf(join(path, entry.name))]).toEqual([entry.name, 0o600]);
    }
    expect(readFileSync(join(path, '.gitignore'), 'utf8')).toBe('*\n');
  });

  test('a folder inside of the session folder is never touched, whatever its name is', async () => {
    const path = sessionPath();
    await (await openSession(join(path, 'bot1'), recordingLog())).close();
    for (const name of ['journal-7.log', 'pre-key-9.json', '.2f0b7c9e-0000-4000-8000-000000000000.tmp']) {
      mkdirSync(join(path, name), { recursive: true });
      writeFileSync(join(path, name, 'x'), 'x');
    }
    chmodSync(path, 0o755);
    chmodSync(join(path, 'bot1'), 0o750);
    const bot1 = readdirSync(join(path, 'bot1'));
    const session = await openQuietly(path);
    expect(session.creds.nextPreKeyId).toBe(1);
    await session.set({ session: { a: { n: 1 } } });
    await session.close();
    expect(modeOf(join(path, 'bot1'))).toBe(0o750);
    expect(readdirSync(join(path, 'bot1'))).toEqual(bot1);
    expect(existsSync(join(path, 'journal-7.log', 'x'))).toBe(true);
  });

  test('temporary files that a killed process left are removed', async () => {
    const path = sessionPath();
    await stockFolder(path);
    writeFileSync(join(path, '.2f0b7c9e-0000-4000-8000-000000000000.tmp'), '{"half":');
    await openQuietly(path);
    expect(readdirSync(path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a file in the place of the session folder is refused, and the error says what to do', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'sessions')]) {
      await expect(openSession(path, recordingLog())).rejects.toMatchObject({
        code: 'SESSION_UNUSABLE',
        message: expect.stringContaining(path),
        cause: { code: 'ENOTDIR' },
      });
    }
  });

  test('a second opening of a session is refused while the first one is open, and works after its close', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    await expect(openSession(path, recordingLog())).rejects.toMatchObject({ code: 'SESSION_LOCKED' });
    await session.close();
    await session.close();
    await (await openSession(path, recordingLog())).close();
  });

  test('a closed session refuses every write', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    await session.close();
    const before = readdirSync(path);
    expect(() => session.set({ session: { a: { n: 1 } } })).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED' }),
    );
    expect(() => session.saveCreds()).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }));
    expect(readdirSync(path)).toEqual(before);
  });

  test('a change that is made while the session closes is stored or refused', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    let accepted = -1;
    void session.set({ session: { n: { n: -1 } } });
    const closing = session.close();
    let isOver = false;
    void closing.then(() => {
      isOver = true;
    });
    for (let n = 0; !isOver; n++) {
      try {
        void session.set({ session: { n: { n } } });
        accepted = n;
      } catch {
        // Closed by now.
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await openQuietly(path)).get('session', ['n'])).toEqual({ n: { n: accepted } });
  });
});

describe('while it is open', () => {
  test('a copy by cp -r opens and goes on, whatever the session does meanwhile', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    for (let round = 1; round <= 6; round++) {
      for (let n = 0; n < 50; n++) await session.set({ session: { [`p${n}`]: { round } } });
      const checkpointing = round % 2 ? session.checkpoint() : undefined;
      const copy = await openSession(copyByCp(path), recordingLog());
      expect(copy.wasLinked).toBe(true);
      const ids = Array.from({ length: 50 }, (_, n) => `p${n}`);
      expect(copy.get('session', ids)).toEqual(Object.fromEntries(ids.map((id) => [id, { round }])));
      await copy.set({ session: { p0: { copy: true } } });
      await copy.close();
      await checkpointing;
    }
  });

  test('a copier that reads the journal last finds it although a checkpoint came in between', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    await session.set({ session: { a: { n: 1 } } });
    const listed = readdirSync(path);
    await session.checkpoint();
    await session.set({ session: { b: { n: 2 } } });
    for (const name of listed.filter((one) => one.endsWith('.log')))
      expect(existsSync(join(path, name))).toBe(true);
    await session.checkpoint();
    expect(journals(path).length).toBe(2);
  });

  test('after a thousand changed keys a checkpoint is made without a call', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    for (let n = 0; n < 1_001; n++) void session.set({ 'lid-mapping': { [n]: 'x' } });
    await session.checkpoint();
    expect(session.facts()).toMatchObject({ unsavedKeys: 0 });
    for (let n = 0; n < 1_001; n++) void session.set({ 'lid-mapping': { [n]: 'y' } });
    await vi.waitFor(() => expect(session.facts().unsavedKeys).toBe(0), { timeout: 15_000 });
  });

  test.each([0, 1])(
    'a session that is killed twenty times in a row, each time after %i checkpoints, still opens',
    async (checkpoints) => {
      let path = sessionPath();
      // More lives than a journal has names.
      for (let life = 0; life < 20; life++) {
        const session = await openQuietly(path);
        await session.set({ session: { [`p${life}`]: { life }, shared: { life } } });
        for (let n = 0; n < checkpoints; n++) {
          await session.checkpoint();
          await session.set({ session: { late: { life } } });
        }
        path = copyOf(path);
      }
      expect(journals(path).length).toBeLessThanOrEqual(6);
      const last = await openQuietly(path);
      for (let life = 0; life < 20; life++)
        expect(last.get('session', [`p${life}`])).toEqual({ [`p${life}`]: { life } });
      expect(last.get('session', ['shared'])).toEqual({ shared: { life: 19 } });
      await last.checkpoint();
      await last.close();
      expect(journals(path)).toEqual([]);
    },
  );

  test('after forty failed checkpoints the session can make one, and can be opened again', async () => {
    const path = sessionPath();
    let isBroken = true;
    const fs: FileSystem = {
      ...realFileSystem,
      fsync: ((fd: number, done: (error: Error | null) => void) =>
        isBroken
          ? done(Object.assign(new Error('full'), { code: 'ENOSPC' }))
          : realFileSystem.fsync(fd, done)) as never,
    };
    const session = await openQuietly(path, { fs });
    for (let n = 0; n < 40; n++) {
      await session.set({ session: { a: { n } } });
      await expect(session.checkpoint()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    }
    expect((await openQuietly(copyOf(path))).get('session', ['a'])).toEqual({ a: { n: 39 } });
    isBroken = false;
    await session.checkpoint();
    expect(session.facts()).toMatchObject({ unsavedKeys: 0 });
    await session.checkpoint();
    expect(journals(path).length).toBeLessThanOrEqual(2);
  });

  test('the journal is synced before any file is newer than it: at a start after a kill, and in a clean stop', async () => {
    const path = sessionPath();
    const first = await openQuietly(path);
    await first.set({ session: { a: { n: 1 } } });
    const deeds: string[] = [];
    const names = new Map<number, string>();
    const note = (deed: string, fd: number): void => void deeds.push(`${deed} ${names.get(fd)}`);
    const fs: FileSystem = {
      ...realFileSystem,
      openSync: ((file: string, ...more: [string]) => {
        const fd = realFileSystem.openSync(file, ...more);
        names.set(fd, basename(file).replace(/^\..*\.tmp$/, 'new file'));
        return fd;
      }) as never,
      fsyncSync: (fd) => {
        note('sync', fd);
        realFileSystem.fsyncSync(fd);
      },
      fdatasync: ((fd: number, done: (error: Error | null) => void) => {
        note('sync', fd);
        realFileSystem.fdatasync(fd, done);
      }) as never,
      fsync: ((fd: number, done: (error: Error | null) => void) => {
        note('sync', fd);
        realFileSystem.fsync(fd, done);
      }) as never,
    };
    const second = await openQuietly(copyOf(path), { fs });
    expect(deeds).toContain('sync journal-1.log');
    deeds.length = 0;
    await second.set({ session: { a: { n: 2 } } });
    await second.close();
    const firstFile = deeds.indexOf('sync new file');
    expect(firstFile).toBeGreaterThan(0);
    expect(deeds.slice(0, firstFile)).toContain('sync journal-2.log');
  });

  test('a session writes nothing into a folder that replaced its own', async () => {
    const path = sessionPath();
    const failures: unknown[] = [];
    const first = await openQuietly(path, { onFailure: (error) => void failures.push(error) });
    Object.assign(first.creds, linkedCreds());
    first.saveCreds();
    await first.set({ session: { a: { n: 1 } } });
    rmSync(path, { recursive: true });
    const second = await openQuietly(path);
    second.saveCreds();
    const before = readdirSync(path);
    const says = expect.stringContaining('was removed or replaced while the bot ran');
    const refusal = { code: 'STORAGE_FAILED', message: says };
    expect(() => first.saveCreds()).toThrow(expect.objectContaining(refusal));
    expect(() => first.set({ session: { a: { n: 2 } } })).toThrow(expect.objectContaining(refusal));
    first.probe();
    expect(() => first.probe()).toThrow(expect.objectContaining(refusal));
    await expect(first.checkpoint()).rejects.toMatchObject(refusal);
    await first.close();
    expect(failures.at(-1)).toMatchObject(refusal);
    expect(readdirSync(path)).toEqual(before);
    expect(second.isLinked).toBe(false);
    await second.set({ session: { b: { n: 3 } } });
    await second.close();
    expect((await openQuietly(path)).get('session', ['a', 'b'])).toEqual({ b: { n: 3 } });
  });

  test('a checkpoint without changes writes nothing', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    await session.checkpoint();
    const before = readdirSync(path);
    await session.checkpoint();
    expect(readdirSync(path)).toEqual(before);
  });

  test('changes during a checkpoint are in the files after the next checkpoint', async () => {
    const path = sessionPath();
    const session = await openQuietly(path);
    for (let n = 0; n < 200; n++) void session.set({ session: { [`p${n}`]: { n } } });
    const checkpointing = session.checkpoint();
    void session.set({ session: { p3: { n: 'newer' }, p199: null } });
    expect(session.checkpoint()).toBe(checkpointing);
    await checkpointing;
    expect(session.get('session', ['p3', 'p199'])).toEqual({ p3: { n: 'newer' } });
    const killed = await openQuietly(copyOf(path));
    expect(killed.get('session', ['p3', 'p199', 'p4'])).toEqual({ p3: { n: 'newer' }, p4: { n: 4 } });
    await session.close();
    expect((await openQuietly(path)).get('session', ['p3', 'p199'])).toEqual({ p3: { n: 'newer' } });
  });
});

test('at `ulimit -n 256` a session stores 812 pre-keys, and Baileys reads all of them', async () => {
  const path = sessionPath();
  const program = fileURLToPath(new URL('save-pre-keys.ts', import.meta.url));
  const command = 'ulimit -n 256; exec "$0" --import tsx "$1" "$2" 812';
  const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, program, path], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { state } = await useMultiFileAuthState(path);
  const ids = Array.from({ length: 812 }, (_, index) => String(index + 1));
  const found = await state.keys.get('pre-key', ids);
  expect(Object.values(found).filter((key) => key?.private.length === 32).length).toBe(812);
});

describe('a folder of fifty thousand keys', () => {
  /** Opens a folder, and counts how often its names were read. */
  async function listingsOf(path: string): Promise<number> {
    let listings = 0;
    const readdirSync = ((...args: Parameters<typeof realFileSystem.readdirSync>) => {
      listings += 1;
      return realFileSystem.readdirSync(...args);
    }) as FileSystem['readdirSync'];
    const session = await openQuietly(path, { fs: { ...realFileSystem, readdirSync } });
    await session.close();
    return listings;
  }

  async function linkedFolder(): Promise<string> {
    const path = sessionPath();
    const session = await openQuietly(path);
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    await session.set(changesOf('session', 'somebody', sampleKeys().session));
    await session.close();
    return path;
  }

  test('a folder of fifty thousand keys is not listed if the last stop was a clean one', async () => {
    expect(await listingsOf(await linkedFolder())).toBe(0);
  });

  test.each<[why: string, change: (path: string) => void]>([
    ['it was killed', (path) => writeFileSync(join(path, 'owner.json'), '{"pid":1,"host":"h","sinceMs":1}')],
    ['there is a journal', (path) => writeFileSync(join(path, 'journal-3.log'), '')],
    ['its credentials are another version', (path) => turnBack(path)],
    ['it has no copy of them: a stock folder', (path) => rmSync(join(path, 'creds.backup.json'))],
    ['a pre-key is newer than they are', (path) => writeFileSync(join(path, 'pre-key-1.json'), '{}')],
  ])('a session folder is listed at the start if %s', async (_, change) => {
    const path = await linkedFolder();
    change(path);
    expect(await listingsOf(path)).toBe(1);
  });

  function turnBack(path: string): void {
    const creds = JSON.parse(readFileSync(join(path, 'creds.json'), 'utf8')) as {
      accountSyncCounter: number;
    };
    writeFileSync(
      join(path, 'creds.json'),
      JSON.stringify({ ...creds, accountSyncCounter: creds.accountSyncCounter + 1 }),
    );
  }
});

test('the session tries whether its folder can be written before each connection, and once at the start', async () => {
  let isFull = false;
  const openSync = ((...args: Parameters<typeof realFileSystem.openSync>) => {
    if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    return realFileSystem.openSync(...args);
  }) as FileSystem['openSync'];
  const session = await openQuietly(sessionPath(), { fs: { ...realFileSystem, openSync } });
  isFull = true;
  expect(() => session.probe()).not.toThrow();
  expect(() => session.probe()).toThrow(
    expect.objectContaining({ code: 'STORAGE_FAILED', cause: expect.objectContaining({ code: 'ENOSPC' }) }),
  );
  isFull = false;
  expect(() => session.probe()).not.toThrow();
});
