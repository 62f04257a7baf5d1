import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './support/program.ts';
import { program, stage, useStage } from './support/stage.ts';

useStage();

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasCache = major > 22 || (major === 22 && minor >= 10);
const caches = () => join(program.folder, 'node_modules/.cache/perennial');

/** A folder of packages of its own, so that the cache of the project is left alone. */
beforeEach(() => {
  const packages = join(program.folder, 'node_modules');
  if (!lstatSync(packages).isSymbolicLink()) return;
  unlinkSync(packages);
  mkdirSync(packages);
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    symlinkSync(join(ROOT, 'node_modules', name), join(packages, name));
  rmSync(join(packages, '.cache'), { force: true });
});
afterEach(() => rmSync(join(program.folder, 'node_modules/.cache'), { recursive: true, force: true }));

describe('the compile cache', () => {
  it.runIf(hasCache)(
    'the compile cache is private, is filled by a start, and the next start works with it',
    async () => {
      const bot = await stage.pair();
      await bot.stop();
      expect(lstatSync(caches()).mode & 0o777).toBe(0o700);
      expect(readdirSync(caches())).not.toEqual([]);
      await (await stage.start()).said('WhatsApp connection established');
    },
  );

  it('the compile cache is not used if others can write to it', async () => {
    mkdirSync(caches(), { recursive: true });
    chmodSync(caches(), 0o777);
    const bot = await stage.start();
    await bot.said('QR Code received');
    await bot.stop();
    expect(readdirSync(caches())).toEqual([]);
  });

  it('the bot starts if the folder of the compile cache cannot be made', async () => {
    symlinkSync('/proc/nope', join(program.folder, 'node_modules/.cache'));
    const bot = await stage.start();
    await bot.said('QR Code received');
    await bot.stop();
    expect(existsSync(caches())).toBe(false);
  });
});
