import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program, stage, useStage } from './support/stage.ts';

useStage();

const QR = 'QR Code received';
const OPEN = 'WhatsApp connection established';

/** Why a bot of this user cannot use the folder; empty if it can. Runs only the part of the program that finds out. */
function refusal(path: string, uid: number): string {
  const code = `import { prepareFolder } from './dist/session/folder/prepare-folder.js';
    import { realFileSystem } from './dist/session/folder/file-system.js';
    try { prepareFolder(realFileSystem, process.argv[1]); } catch (error) { console.log(error.message); }`;
  const args = ['--input-type=module', '--eval', code, path];
  return execFileSync(process.execPath, args, { cwd: program.folder, uid, gid: uid, encoding: 'utf8' });
}

describe('bad settings', () => {
  it('bad settings end the bot with 78; all of them are named, and no file is changed', async () => {
    const bot = await stage.start({
      LOG_LEVEL: 'loud',
      RECONNECT_DELAY_MS: 'soon',
      OWNER_NUMBERS: 'my mother',
      WA_WEBSOCKET_URL: 'gopher://x',
      HTTP_PORT: '99999',
    });
    expect(await bot.exit()).toMatchObject({ code: 78 });
    for (const name of [
      'LOG_LEVEL',
      'RECONNECT_DELAY_MS',
      'OWNER_NUMBERS',
      'WA_WEBSOCKET_URL',
      'HTTP_PORT',
    ]) {
      expect(bot.output).toContain(name);
    }
    expect(bot.output).not.toMatch(/\n\s+at /);
    expect(existsSync(stage.sessions)).toBe(false);
  });
});

describe('a SESSION_PATH that cannot be one', () => {
  it('a SESSION_PATH that is a file ends the bot with 78, and the file stays', async () => {
    writeFileSync(stage.sessions, 'mine');
    const bot = await stage.start();
    expect(await bot.exit()).toMatchObject({ code: 78 });
    expect(bot.output).toContain(stage.sessions);
    expect(bot.output).not.toContain(QR);
    expect(readFileSync(stage.sessions, 'utf8')).toBe('mine');
  });

  it('a SESSION_PATH of another user ends the bot with 78, and the line names uid, owner and the chown to run', async () => {
    const isRoot = process.getuid?.() === 0;
    mkdirSync(stage.sessions);
    chmodSync(stage.root, 0o755);
    chmodSync(stage.sessions, isRoot ? 0o755 : 0o555);
    const bot = await stage.start({ HOME: '/' }, isRoot ? { uid: 65_534 } : {});
    expect(await bot.exit()).toMatchObject({ code: 78 });
    const uid = isRoot ? 65_534 : process.getuid?.();
    expect(bot.output).toContain(`as uid ${uid}`);
    expect(bot.output).toContain(`belongs to uid ${statSync(stage.sessions).uid}`);
    expect(bot.output).toMatch(new RegExp(`sudo chown -R ${uid}:\\d+ ${stage.sessions}`));
    expect(bot.output).not.toContain(QR);
  });

  it.runIf(process.getuid?.() === 0)(
    'the command that the line names can be copied for any name of the path',
    () => {
      chmodSync(stage.root, 0o755);
      const path = join(stage.root, "my bot's", 'session');
      // First it cannot be made, then it is somebody else's, then its own user has shut it.
      const obstacles = [
        () => {},
        () => execFileSync('chown', ['-R', '0:0', path]),
        () => chmodSync(path, 0o500),
      ];
      for (const obstruct of obstacles) {
        obstruct();
        const [, command = ''] = /Run: (?:sudo )?(.+)/.exec(refusal(path, 65_534)) ?? [];
        execFileSync('sh', ['-c', command]);
        expect(refusal(path, 65_534)).toBe('');
      }
    },
  );
});

describe('a creds.json that was cut', () => {
  it('a creds.json that was cut is restored from the last good copy, or ends the bot with 78: there is never a QR code', async () => {
    const first = await stage.pair();
    await first.stop();
    const path = join(stage.sessions, 'creds.json');
    const copy = join(stage.sessions, 'creds.backup.json');
    const [whole, wholeCopy] = [readFileSync(path), readFileSync(copy)];
    // Every length of the cut, with and without a copy, is in tests/integration/session/damage.test.ts.
    const cut = whole.subarray(0, 100);
    writeFileSync(path, cut);
    rmSync(copy);
    const lost = await stage.start();
    expect(await lost.exit()).toMatchObject({ code: 78 });
    expect(lost.output).toContain(path);
    expect(lost.output).toContain('rm -rf');
    expect(lost.output).not.toContain(QR);
    expect(readFileSync(path)).toEqual(cut);

    writeFileSync(copy, wholeCopy);
    const bot = await stage.start();
    await bot.said(OPEN);
    await stage.ping(stage.wa.addPerson());
    expect(bot.output).toMatch(/\[WARN\] .* file=creds\.json problem=.* source=copy$/m);
    expect(bot.output).not.toContain(QR);
    expect(await bot.stop()).toMatchObject({ code: 0 });
    expect(stage.wa.counters.pairings).toBe(1);
  });
});

describe('a folder beside others', () => {
  it('the folder of another bot inside of the session folder is never touched', async () => {
    const other = join(stage.sessions, 'bot1');
    mkdirSync(other, { recursive: true, mode: 0o700 });
    writeFileSync(join(other, 'creds.json'), '{"cut":');
    chmodSync(other, 0o750);
    const bot = await stage.start();
    await bot.said(QR);
    expect(await bot.stop()).toMatchObject({ code: 0 });
    expect(readFileSync(join(other, 'creds.json'), 'utf8')).toBe('{"cut":');
    expect(statSync(other).mode & 0o777).toBe(0o750);
    expect(statSync(stage.sessions).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(stage.sessions, '.gitignore'), 'utf8')).toBe('*\n');
  });
});
