import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { initProject } from '../../../src/cli/init.ts';

let root: string;
let said: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'init '));
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(root, { recursive: true, force: true });
});

const noTerminal = () => Promise.resolve(undefined);
const answers = (answer: string) => () => Promise.resolve(answer);

test('init in nested folders with spaces and letters of any language says what to type', async () => {
  const folder = join(root, 'Élan vital/мой бот');
  await initProject([folder], noTerminal);
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name).toBe('my-bot');
  expect(said).toContain(`\n  cd '${folder}' && npm install\n`);
});

test('init without a name writes nothing', async () => {
  for (const args of [[], [''], ['a', 'b']])
    await expect(initProject(args, noTerminal)).rejects.toMatchObject({
      code: 'BAD_ARGUMENTS',
      message: expect.stringMatching(/^[^\n]+\n\nUsage: /),
    });
});

test('init names a file that is in the place of a folder', async () => {
  const file = join(root, 'file');
  writeFileSync(file, 'mine');
  const sentence = /^Could not write .*: a file is in the place of a folder\. Name another folder\.$/;
  await expect(initProject([file], noTerminal)).rejects.toThrow(sentence);
  await expect(initProject([join(file, 'bot')], noTerminal)).rejects.toThrow(sentence);
  const folder = join(root, 'bot');
  mkdirSync(folder);
  writeFileSync(join(folder, 'commands'), 'mine');
  await expect(initProject([folder], answers('y'))).rejects.toThrow(sentence);
});

test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'init in a folder that cannot be read or written says so in one sentence',
  async () => {
    for (const mode of [0o555, 0o000]) {
      const folder = join(root, String(mode));
      mkdirSync(folder, { mode });
      await expect(initProject([folder], noTerminal)).rejects.toMatchObject({
        code: 'BAD_ARGUMENTS',
        message: expect.stringContaining(folder),
        cause: { code: 'EACCES' },
      });
      chmodSync(folder, 0o755);
    }
  },
);

test.each(['n', '', 'nein'])(
  'init writes nothing into a folder with files after the answer "%s"',
  async (answer) => {
    writeFileSync(join(root, 'mine.txt'), 'mine');
    await initProject([root], answers(answer));
    expect(said).toMatch(/^[^\n]+\.\n$/);
    expect(process.exitCode).toBe(1);
    expect(existsSync(join(root, 'package.json'))).toBe(false);
  },
);

test('init without a terminal refuses a folder with files', async () => {
  writeFileSync(join(root, 'mine.txt'), 'mine');
  const error: unknown = await initProject([root], noTerminal).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'BAD_ARGUMENTS', message: expect.stringContaining(root) });
  expect(error).not.toHaveProperty('cause');
});

test('init keeps the files that are there, and says what package.json needs', async () => {
  const own = '{ "name": "own" }';
  writeFileSync(join(root, 'package.json'), own);
  writeFileSync(join(root, 'README.md'), 'mine');
  await initProject([root, '--js'], answers('yes'));
  expect(readFileSync(join(root, 'package.json'), 'utf8')).toBe(own);
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe('mine');
  expect(existsSync(join(root, 'commands/ping.js'))).toBe(true);
  expect(said).toContain('These files existed already and are not changed: package.json, README.md.');
  const needed = JSON.parse(/\{[\s\S]*\}/.exec(said)?.[0] ?? '');
  expect(needed).toMatchObject({ type: 'module', scripts: { start: 'perennial start' } });
  expect(Object.keys(needed.dependencies)).toEqual(['@whiskeysockets/baileys', 'perennial-whatsapp']);
});
