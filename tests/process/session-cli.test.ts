import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { OLD_RATCHETS } from '../../src/session/maintenance/session-reports.ts';
import { openSession } from '../../src/session/session-store.ts';
import {
  NUMBER,
  type Result,
  serverUrl,
  session,
  sessionFacts,
} from '../integration/support/session-command.ts';
import {
  linkedCreds,
  openQuietly,
  recordingLog,
  stockFolder,
  temporaryFolder,
} from '../unit/session/helpers.ts';
import { copyProgram, ROOT } from './support/program.ts';

const program = copyProgram();
afterAll(() => program.remove());
const CLI = join(program.folder, 'dist/cli/session.js');
const WRITER = fileURLToPath(new URL('session-writer.mjs', import.meta.url));
const OPEN = pathToFileURL(join(program.folder, 'dist/session/session-store.js')).href;

const NOBODY = 65_534;

/** Runs the built program in `cwd`. What its words mean is tested in `tests/integration/session-command.test.ts`. */
async function runProgram(
  cwd: string,
  args: readonly string[],
  settings: Record<string, string> = {},
  uid?: number,
): Promise<Result> {
  const env = { PATH: process.env.PATH ?? '', SESSION_PATH: join(cwd, 'sessions'), ...settings };
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env,
    stdio: 'pipe',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  for (const output of [stdout, stderr]) expect(output).not.toContain(NUMBER);
  return { code, stdout, stderr };
}

/** A process that has the session open and writes to it all the time. */
class Bot {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  round = 0;

  constructor(path: string) {
    const child = spawn(process.execPath, [WRITER, path, OPEN], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child = child;
    this.exited = once(child, 'exit');
    createInterface(child.stdout).on('line', (line) => {
      this.round = (JSON.parse(line) as { round: number }).round;
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  untilRound(round: number): Promise<void> {
    return vi.waitFor(() => expect(this.round).toBeGreaterThanOrEqual(round), {
      timeout: 20_000,
      interval: 10,
    });
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.exited;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

test('a wrong argument gives one sentence, the usage, and exit code 78', async () => {
  const cwd = temporaryFolder();
  const { code, stdout, stderr } = await runProgram(cwd, ['dance']);
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\.\n\nUsage: node \S+cli\/session\.js COMMAND/);
  expect(readdirSync(cwd)).toEqual([]);
});

test('the session command runs from its sources, as npm run session starts it', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/session.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\.\n\nUsage: npm run session -- COMMAND/);
});

test('doctor reads the settings of its process, and ends with 0 beside a bot that runs well', async () => {
  const cwd = temporaryFolder();
  const session = await openQuietly(join(cwd, 'sessions'));
  Object.assign(session.creds, linkedCreds());
  session.saveCreds();
  writeFileSync(join(cwd, '.env'), `WA_WEBSOCKET_URL=${await serverUrl()}\n`);
  const { code, stdout, stderr } = await runProgram(cwd, ['doctor']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => !line.startsWith('✓ '))).toEqual([]);
  expect(stdout).toContain(`process ${process.pid} on ${hostname()}`);
});

/** Everything that the bot had stored in this round is in the copy, in that round or a later one. */
async function checkCopy(copy: string, round: number): Promise<void> {
  const session = await openSession(copy, { log: recordingLog().log });
  expect(session.wasLinked).toBe(true);
  const people = Array.from({ length: 40 }, (_, n) => `p${n}`);
  const found = session.get('session', people) as Record<string, { round: number }>;
  for (const id of people)
    expect(found[id]?.round ?? 0, `${id} of round ${round}`).toBeGreaterThanOrEqual(round);
  for (let n = 0; n < 40; n++) {
    const row = session.rows<{ round: number }>('inbox').get(`m${n}`);
    expect(row?.round ?? 0).toBeGreaterThanOrEqual(round);
  }
  const ids = Array.from({ length: session.creds.nextPreKeyId - 1 }, (_, index) => String(index + 1));
  expect(ids.length).toBeGreaterThanOrEqual(round);
  expect(Object.keys(session.get('pre-key', ids)).length).toBe(ids.length);
  await session.close();
}

describe('backup and restore', () => {
  test('a backup that is made while the bot writes is whole, private, and only of this session', async () => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'sessions');
    const bot = new Bot(path);
    await bot.untilRound(5);
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'creds.json'), '{}');
    symlinkSync('/etc/hostname', join(path, 'link.json'));
    for (let n = 0; n < 3; n++) {
      const { round } = bot;
      const copy = join(cwd, 'copies', String(n));
      const { code, facts } = await sessionFacts(cwd, ['backup', copy]);
      expect(code).toBe(0);
      expect(facts).toMatchObject({ files: readdirSync(copy).length, isLinked: true });
      expect(statSync(copy).mode & 0o777).toBe(0o700);
      for (const entry of readdirSync(copy, { withFileTypes: true })) {
        expect([entry.name, entry.isFile()]).toEqual([entry.name, true]);
        expect(statSync(join(copy, entry.name)).mode & 0o777).toBe(0o600);
        expect(entry.name).not.toMatch(/owner|link|qr|tmp/);
      }
      await checkCopy(copy, round);
    }
    expect(readdirSync(join(cwd, 'copies'))).toEqual(['0', '1', '2']);
    const refused = await runProgram(cwd, ['restore', 'copies/0']);
    expect(refused).toMatchObject({ code: 75, stdout: '' });
    expect(refused.stderr).toContain(`in use by process ${bot.child.pid} on ${hostname()}`);
    await bot.stop();
    await checkCopy(path, bot.round);
  });

  test('after a restore the former session lies beside it, other bots are not touched, and the session opens', async () => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'sessions');
    const bot = new Bot(path);
    await bot.untilRound(3);
    await bot.kill();
    const { round } = bot;
    expect(await session(cwd, ['backup', join(cwd, 'copy')])).toMatchObject({ code: 0 });
    const later = await openSession(path, { log: recordingLog().log });
    void later.set({ session: { p0: { round: 9_999 } } });
    await later.close();
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'creds.json'), 'theirs');
    const args = ['restore', join(cwd, 'copy')];
    const restored = await sessionFacts<{ before: string; warning: string }>(cwd, args);
    expect(restored.code).toBe(0);
    const { before, warning } = restored.facts;
    expect(before).toMatch(/\/sessions\.before-\d{4}-\d\d-\d\dT[\d-]+Z$/);
    expect(warning).toBe(OLD_RATCHETS);
    expect(readFileSync(join(path, 'bot1', 'creds.json'), 'utf8')).toBe('theirs');
    expect(existsSync(join(before, 'bot1'))).toBe(false);
    expect(readdirSync(cwd).sort()).toEqual(['copy', 'sessions', before.split('/').at(-1)].sort());
    const old = await openQuietly(before);
    expect(old.get('session', ['p0'])).toEqual({ p0: { round: 9_999 } });
    await checkCopy(path, round);
    const opened = await openQuietly(path);
    expect(opened.get('session', ['p0']).p0).not.toEqual({ round: 9_999 });
  });
});

describe.runIf(process.getuid?.() === 0)('as another user than that of the bot', () => {
  test('run by another user, each session command says whose folder it is, as one JSON document too, and changes no file', async () => {
    const cwd = temporaryFolder();
    chmodSync(cwd, 0o755);
    const path = join(cwd, 'sessions');
    await stockFolder(path);
    chmodSync(path, 0o700);
    const before = readdirSync(path);
    const settings = { WA_WEBSOCKET_URL: await serverUrl() };
    const eacces = new RegExp(`EACCES at .*\\buid ${NOBODY}\\b`);
    const status = await runProgram(cwd, ['status'], settings, NOBODY);
    expect(status).toEqual({ code: 78, stdout: '', stderr: expect.stringMatching(eacces) });
    const backup = await runProgram(cwd, ['backup', 'copy', '--json'], settings, NOBODY);
    expect({ code: backup.code, stderr: backup.stderr }).toEqual({ code: 78, stderr: '' });
    const error = { code: 'SESSION_UNUSABLE', message: expect.stringMatching(eacces) };
    expect(JSON.parse(backup.stdout)).toEqual({ error });
    const doctor = await runProgram(cwd, ['doctor', '--json'], settings, NOBODY);
    expect({ code: doctor.code, stderr: doctor.stderr }).toEqual({ code: 1, stderr: '' });
    const { checks } = JSON.parse(doctor.stdout) as { checks: object[] };
    const words = { text: expect.any(String), mend: expect.any(String) };
    expect(checks).toContainEqual({ name: 'Folder', state: 'problem', ...words });
    expect(readdirSync(path)).toEqual(before);
  });
});

test('if a pipe closes after the first lines, the session command prints no stack trace', async () => {
  const cwd = temporaryFolder();
  await stockFolder(join(cwd, 'sessions'));
  const command = `"${process.execPath}" "${CLI}" status | true`;
  const env = { PATH: process.env.PATH ?? '', SESSION_PATH: join(cwd, 'sessions') };
  const { stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  expect(stderr).toBe('');
});

test('after a restore that was killed the bot says so and does not start, and the restore can be run again', async () => {
  const cwd = temporaryFolder();
  const path = join(cwd, 'sessions');
  const copy = join(cwd, 'copy');
  await stockFolder(path);
  const backup = await session(cwd, ['backup', copy]);
  expect(backup.code, backup.stderr).toBe(0);
  const keptFolders = (): string[] => readdirSync(cwd).filter((name) => name.includes('.before-'));
  // It moves thousands of files; should it be faster than the kill, there is another try.
  for (let attempt = 0; attempt < 5 && !existsSync(join(path, 'restoring.json')); attempt++) {
    for (const name of keptFolders()) rmSync(join(cwd, name), { recursive: true });
    for (let n = 0; n < 5_000; n++) writeFileSync(join(path, `session-${n}.json`), '{}');
    const env = { PATH: process.env.PATH ?? '', SESSION_PATH: path };
    const child = spawn(process.execPath, [CLI, 'restore', 'copy'], {
      cwd,
      env,
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    const watcher = watch(path, (_event, name) => {
      if (name?.startsWith('session-')) child.kill('SIGKILL');
    });
    await exited;
    watcher.close();
  }
  expect(readdirSync(path)).not.toContain('creds.json');
  const says = (command: string): RegExp => new RegExp(` \\S+\\.before-.*: ${command} `);
  await expect(openSession(path, { log: recordingLog().log })).rejects.toMatchObject({
    code: 'SESSION_UNUSABLE',
    message: expect.stringMatching(says('npm run session')),
  });
  const status = await runProgram(cwd, ['status', '--json']);
  const problem = expect.stringMatching(says(`node \\S+cli/session\\.js`));
  expect(JSON.parse(status.stdout)).toMatchObject({ problem });
  const again = await session(cwd, ['restore', copy]);
  expect(again.code, again.stderr).toBe(0);
  expect((await openQuietly(path)).wasLinked).toBe(true);
  const kept = keptFolders();
  expect(kept).toHaveLength(1);
  const old = readdirSync(join(cwd, kept[0] ?? ''));
  expect(old).toContain('creds.json');
  expect(old.filter((name) => /^session-\d+\.json$/.test(name))).toHaveLength(5_000);
});
