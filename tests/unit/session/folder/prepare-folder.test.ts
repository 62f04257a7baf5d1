import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { shellWord } from '../../../../src/core/errors.ts';
import { checkFolder } from '../../../../src/doctor/doctor-folder.ts';
import { realFileSystem } from '../../../../src/session/folder/file-system.ts';
import { folderProblem } from '../../../../src/session/folder/folder-problem.ts';
import { prepareFolder } from '../../../../src/session/folder/prepare-folder.ts';
import { restoreSession } from '../../../../src/session/maintenance/restore.ts';
import { sessionStatus } from '../../../../src/session/maintenance/session-status.ts';
import { openQuietly, stockFolder, temporaryFolder } from '../helpers.ts';

function refusalOf(path: string): unknown {
  try {
    prepareFolder(realFileSystem, path);
    return undefined;
  } catch (error) {
    return error;
  }
}

const failed = (code: string): Error => Object.assign(new Error(code), { code });

describe('a folder that cannot be one', () => {
  test.runIf(process.platform === 'linux').each(['/proc/x', '/proc/x/y/z', '/proc/self/fd/x', '/sys/x'])(
    'a session folder %s is refused at once',
    (path) => {
      expect(refusalOf(path)).toMatchObject({
        code: 'SESSION_UNUSABLE',
        exitCode: 78,
        message: expect.stringMatching(
          new RegExp(`${path} cannot be (made|written).*[Ss]et another SESSION_PATH\\.$`),
        ),
      });
    },
  );

  test.each<[string, (path: string) => void, told: RegExp]>([
    ['a link to nothing', (path) => symlinkSync('nowhere', path), /is a link that leads nowhere/],
    ['a link to itself', (path) => symlinkSync(path, path), /is a link that leads nowhere/],
    ['a file', (path) => writeFileSync(path, ''), /is not a folder/],
    ['a link to a file', (path) => symlinkSync('/etc/hostname', path), /is not a folder/],
  ])(
    '%s in place of the session folder is refused by the bot, reported by doctor, and stays as it is',
    (_name, make, told) => {
      const path = join(temporaryFolder(), 'session');
      make(path);
      const look = () => {
        const { ino, size, ctimeNs } = lstatSync(path, { bigint: true });
        return { files: readdirSync(join(path, '..')), ino, size, ctimeNs };
      };
      const before = look();
      for (const one of [path, join(path, 'inside')]) {
        expect(refusalOf(one)).toMatchObject({
          code: 'SESSION_UNUSABLE',
          message: expect.stringMatching(told),
        });
        expect(checkFolder(one)).toMatchObject({ state: 'problem', mend: expect.any(String) });
      }
      expect(look()).toEqual(before);
    },
  );

  test('if the name of the session folder is too long, the error asks for another one', () => {
    expect(refusalOf(join(temporaryFolder(), 'x'.repeat(300)))).toMatchObject({
      code: 'SESSION_UNUSABLE',
      message: expect.stringMatching(/longer than names can be.* SESSION_PATH\.$/),
      cause: { code: 'ENAMETOOLONG' },
    });
  });

  test('if the session folder is mounted read-only, the error does not propose a chown', () => {
    const { what, mend } = folderProblem(realFileSystem, '/mnt/ro', failed('EROFS'));
    expect(what).toContain('read-only');
    expect(mend).toEqual({ todo: expect.any(String) });
  });
});

describe('a folder by another name', () => {
  test('a session behind a link is the same session for the bot and for the session commands', async () => {
    const root = temporaryFolder();
    await stockFolder(join(root, 'real'));
    const link = join(root, 'link');
    symlinkSync('real', link);
    expect(checkFolder(link)).toMatchObject({ state: 'warning', mend: expect.stringContaining('chmod 700') });
    expect(await sessionStatus(link)).toMatchObject({ exists: true, isLinked: true, path: link });
    const session = await openQuietly(link);
    expect(session.wasLinked).toBe(true);
    expect(await sessionStatus(join(root, 'real'))).toMatchObject({ owner: { pid: process.pid } });
    await expect(openQuietly(join(root, 'real'))).rejects.toMatchObject({ code: 'SESSION_LOCKED' });
    expect(readlinkSync(link)).toBe('real');
  });

  test.each(['with spaces/and more', "it's", 'сессия-🤖', 'new\nline', '-rf', 'deep/er///'])(
    'a session folder can be made under the name %j',
    async (name) => {
      const path = join(temporaryFolder(), name);
      expect((await openQuietly(path)).wasLinked).toBe(false);
      expect(checkFolder(path).state).toBe('ok');
    },
  );

  test('two session folders can be made at once beside each other', () => {
    const path = join(temporaryFolder(), 'a', 'b');
    const rival: typeof realFileSystem = {
      ...realFileSystem,
      mkdirSync: ((folder: string, options: object) => {
        mkdirSync(folder);
        return mkdirSync(folder, options);
      }) as typeof mkdirSync,
    };
    expect(() => prepareFolder(rival, path)).not.toThrow();
  });
});

test.each([
  ['/srv/bots/one', '/srv/bots/one'],
  ['./sessions', './sessions'],
  ['/srv/сессия', '/srv/сессия'],
  ['/srv/my bot', "'/srv/my bot'"],
  ["/srv/it's; rm -rf $HOME", "'/srv/it'\\''s; rm -rf $HOME'"],
  ['-rf', './-rf'],
  ['~', "'~'"],
])('shellWord writes %s as %s', (path, word) => expect(shellWord(path)).toBe(word));

describe('the sessions folder of a clone', () => {
  const inRepository = fileURLToPath(new URL('../../../../', import.meta.url));

  test('the folder sessions is in the repository, and a start after rm -rf leaves git status clean', () => {
    const clone = temporaryFolder();
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
        cwd: clone,
      }).toString();
    const sessions = join(clone, 'sessions');
    mkdirSync(sessions);
    for (const name of ['.gitignore', 'sessions/.gitignore']) {
      copyFileSync(join(inRepository, name), join(clone, name));
    }
    git('init', '-q');
    git('add', '-f', '.');
    git('commit', '-q', '-m', 'a');
    rmSync(sessions, { recursive: true });
    prepareFolder(realFileSystem, sessions);
    writeFileSync(join(sessions, 'creds.json'), '{}');
    expect(git('status', '--porcelain')).toBe('');
    rmSync(join(sessions, '.gitignore'));
    expect(git('status', '--porcelain')).not.toContain('creds.json');
  });

  test('for status and restore the folder sessions of a clone has no session', async () => {
    const path = join(temporaryFolder(), 'sessions');
    const backup = join(temporaryFolder(), 'backup');
    mkdirSync(path);
    writeFileSync(join(path, '.gitignore'), '*\n');
    await stockFolder(backup);
    expect(await sessionStatus(path)).toMatchObject({ exists: false, isLinked: false });
    expect(await restoreSession(path, backup)).toMatchObject({ before: undefined });
    expect(await sessionStatus(path)).toMatchObject({ exists: true, isLinked: true });
  });
});
