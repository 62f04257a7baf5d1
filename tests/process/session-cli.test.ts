import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { useMultiFileAuthState } from '@whiskeysockets/baileys';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openSession, type Session } from '../../src/session/open-session.ts';
import { linkedCreds, stockFolder } from '../unit/session/helpers.ts';
import { copyProgram, ROOT } from './support/program.ts';

const program = copyProgram();
afterAll(() => program.remove());
const CLI = join(program.folder, 'dist/cli/session.js');
const WRITER = fileURLToPath(new URL('session-writer.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');
const NUMBER = '15551234567';
const quiet = { debug: () => {}, info: () => {}, warn: () => {} };

/** A folder of this test's own, to start programs in: `.env` is read there. */
function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'care-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const NOBODY = 65_534;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function care(
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

async function openQuietly(path: string): Promise<Session> {
  const session = await openSession(path, { log: quiet });
  onTestFinished(() => session.close());
  return session;
}

/** A process that has the session open and writes to it all the time. */
class Bot {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  round = 0;

  constructor(path: string) {
    const child = spawn(process.execPath, ['--import', TSX, WRITER, path], {
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

async function serverUrl(): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(426).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
}

describe('arguments', () => {
  test('a wrong argument gives one sentence, the usage, and exit code 78', async () => {
    const cwd = home();
    const bad = [[], ['dance'], ['backup'], ['status', 'x'], ['restore', 'a', 'b'], ['status', '--loud']];
    const results = await Promise.all(bad.map((args) => care(cwd, args)));
    for (const { code, stdout, stderr } of results) {
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toMatch(/^[^\n]+\.\n\nUsage: node \S+cli\/session\.js COMMAND/);
    }
    expect(readdirSync(cwd)).toEqual([]);
    const asked = await care(cwd, ['--help']);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage'), stderr: '' });
    const asJson = await care(cwd, ['dance', '--json']);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'BAD_ARGUMENTS' } });
  });

  test('the session command runs from its sources, as npm run session starts it', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/cli/session.ts'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\.\n\nUsage: npm run session -- COMMAND/);
  });

  test('the session command names bad settings', async () => {
    const result = await care(home(), ['status'], { RECONNECT_DELAY_MS: 'soon' });
    expect(result).toMatchObject({ code: 78, stderr: expect.stringContaining('RECONNECT_DELAY_MS') });
  });
});

describe('status', () => {
  test('status reports no session and a linked session, and changes no file', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    expect(await care(cwd, ['status'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('not there yet'),
    });
    expect(existsSync(path)).toBe(false);
    await stockFolder(path);
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'pre-key-5.json'), '{}');
    const before = readdirSync(path);
    const [text, json] = await Promise.all([care(cwd, ['status']), care(cwd, ['status', '--json'])]);
    expect(text.stdout).toMatch(/Linked: {3}to 1555\S*•••567/);
    expect(text.stdout).toMatch(/In use: {3}no\n/);
    expect(text.stdout).toMatch(/pre-key +1 /);
    expect(JSON.parse(json.stdout)).toMatchObject({
      exists: true,
      isLinked: true,
      owner: null,
      loggedOut: null,
    });
    expect(readdirSync(path)).toEqual(before);
  });

  test('status names the process, the journal and a logout', async () => {
    const cwd = home();
    const session = await openQuietly(join(cwd, 'sessions'));
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    void session.set({ session: { a: { n: 1 } } });
    session.noteLogout({ atMs: Date.UTC(2026, 0, 2), reason: 'device_removed' });
    const { stdout } = await care(cwd, ['status']);
    expect(stdout).toContain(`In use:   by process ${process.pid} on ${hostname()} since `);
    expect(stdout).toMatch(/Journal: {2}1 file, \d+ bytes/);
    expect(stdout).toContain('Logout:   2026-01-02 00:00:00 UTC. To link again: rm -rf ');
  });
});

describe('doctor', () => {
  test('while the bot runs well, doctor prints a ✓ in each line and ends with 0', async () => {
    const cwd = home();
    const session = await openQuietly(join(cwd, 'sessions'));
    Object.assign(session.creds, linkedCreds());
    session.saveCreds();
    const settings = { WA_WEBSOCKET_URL: await serverUrl() };
    const before = readdirSync(session.path);
    const [text, json] = await Promise.all([
      care(cwd, ['doctor'], settings),
      care(cwd, ['doctor', '--json'], settings),
    ]);
    const lines = text.stdout.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('✓ '))).toEqual([]);
    const names = lines.map((line) => /^✓ ([^:]+):/.exec(line)?.[1]);
    const looked =
      'Node.js, Settings, Folder, Free space, Lock, Credentials, Files, DNS, Connection, Clock, Client version';
    expect(names.join(', ')).toBe(looked);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(`process ${process.pid} on ${hostname()}`);
    expect(text.stdout).toContain("agrees with the server's");
    expect(JSON.parse(json.stdout)).toMatchObject({ isFine: true, checks: expect.any(Array) });
    expect(readdirSync(session.path)).toEqual(before);
  });

  test('without a network doctor prints in a few seconds a ✗ that says what to do, and ends with 1', async () => {
    const cwd = home();
    const [refused, unknown] = await Promise.all([
      care(cwd, ['doctor'], { WA_WEBSOCKET_URL: 'ws://127.0.0.1:1/ws' }),
      care(cwd, ['doctor'], { WA_WEBSOCKET_URL: 'wss://no-such-host.invalid/ws' }),
    ]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/✗ Connection: 127\.0\.0\.1:1: ECONNREFUSED\. To fix it: /);
    expect(refused.stdout).toMatch(/! Credentials: not linked yet/);
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toMatch(/✗ DNS: no-such-host\.invalid:443: /);
    expect(existsSync(join(cwd, 'sessions'))).toBe(false);
  });

  test('doctor finds faults of folder, credentials, pairing and settings', async () => {
    const settings = { WA_WEBSOCKET_URL: await serverUrl() };
    const make = async (prepare: (path: string) => void | Promise<void>): Promise<Result> => {
      const cwd = home();
      await prepare(join(cwd, 'sessions'));
      return care(cwd, ['doctor'], settings);
    };
    const [file, damaged, half, loggedOut, open, bad] = await Promise.all([
      make((path) => writeFileSync(path, '')),
      make(async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'creds.json'), '{');
      }),
      make(async (path) => {
        const { state, saveCreds } = await useMultiFileAuthState(path);
        Object.assign(state.creds, { me: { id: `${NUMBER}@s.whatsapp.net` } });
        await saveCreds();
      }),
      make(async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'logged-out.json'), '{"atMs":1767312000000,"reason":"x"}');
      }),
      make(async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'session-x.json.damaged'), '');
      }),
      care(home(), ['doctor'], { ...settings, LOG_LEVEL: 'loud' }),
    ]);
    expect(file).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /✗ Folder: SESSION_PATH \S+ is not a folder, or lies under a file\. To fix it: /,
      ),
    });
    expect(damaged).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ Credentials: .*creds\.json is damaged/),
    });
    expect(half).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/! Credentials: a pairing was begun/),
    });
    expect(loggedOut).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ Credentials: logged out since 2026/),
    });
    expect(open).toMatchObject({ code: 0, stdout: expect.stringMatching(/! Files: 1 of \d+ were damaged/) });
    expect(open.stdout).toMatch(/! Folder: \S+ can be read by others\. To fix it: chmod 700/);
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ Settings: .*\n.*LOG_LEVEL/) });
  });
});

/** Everything that the bot had stored in this round is in the copy, in that round or a later one. */
async function checkCopy(copy: string, round: number): Promise<void> {
  const session = await openSession(copy, { log: quiet });
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

describe('explain', () => {
  const row = { chatKind: 'direct', sender: '+15551•••567', outcome: 'not-allowed', detail: 'owners-only' };
  const rows = (atMs: number) => ({
    outcomes: { 'ABC1|hash0001': { ...row, atMs, tookMs: 3 } },
    inbox: { '|15550200001|OLD1': { atMs, hashes: ['hash'] } },
  });

  test('explain says what became of a message, while a process uses the session and after it', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    const session = await openSession(path, { log: quiet });
    await session.set(rows(Date.now()));
    const running = await care(cwd, ['explain', 'ABC1']);
    expect(running).toMatchObject({ code: 0, stderr: '' });
    expect(running.stdout).toMatch(/^ABC1 \(direct, \+15551•••567, .* UTC\): not allowed: owners-only\.\n$/);
    const old = await care(cwd, ['explain', 'OLD1']);
    expect(old).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/finished; what became of it was not noted/),
    });
    await session.close();
    const json = await care(cwd, ['explain', 'ABC1', '--json']);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      id: 'ABC1',
      messages: [{ ...row, at: expect.stringMatching(/Z$/) }],
    });
  });

  test.each([
    ['an unknown id', 'ABC2', 1, /^Nothing is known of ABC2: .*\.\n$/],
    ['an id with a control character', 'ABC\x1b[2J', 78, /^This is not the id of a message\..*\n$/],
    ['an id that is too long', 'A'.repeat(300), 78, /^This is not the id of a message\..*\n$/],
    ['an empty id', '', 78, /^explain needs the id of a message\./],
  ])('explain reports %s in one sentence', async (_, id, code, sentence) => {
    const cwd = home();
    const session = await openQuietly(join(cwd, 'sessions'));
    await session.set(rows(Date.now()));
    const told = await care(cwd, ['explain', id]);
    expect(told.code).toBe(code);
    expect(told.stdout + told.stderr).toMatch(sentence);
  });

  test('explain knows no message without a session', async () => {
    const told = await care(home(), ['explain', 'ABC1']);
    expect(told).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Nothing is known of ABC1/) });
  });
});

describe('backup and restore', () => {
  test('a backup that is made while the bot writes is whole, private, and only of this session', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    const bot = new Bot(path);
    await bot.untilRound(5);
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'creds.json'), '{}');
    symlinkSync('/etc/hostname', join(path, 'link.json'));
    for (let n = 0; n < 3; n++) {
      const { round } = bot;
      const { code, stdout, stderr } = await care(cwd, ['backup', `copies/${n}`]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Backed up \d+ files/);
      const copy = join(cwd, 'copies', String(n));
      expect(statSync(copy).mode & 0o777).toBe(0o700);
      for (const entry of readdirSync(copy, { withFileTypes: true })) {
        expect([entry.name, entry.isFile()]).toEqual([entry.name, true]);
        expect(statSync(join(copy, entry.name)).mode & 0o777).toBe(0o600);
        expect(entry.name).not.toMatch(/owner|link|qr|tmp/);
      }
      await checkCopy(copy, round);
    }
    expect(readdirSync(join(cwd, 'copies'))).toEqual(['0', '1', '2']);
    const refused = await care(cwd, ['restore', 'copies/0']);
    expect(refused).toMatchObject({ code: 75, stdout: '' });
    expect(refused.stderr).toContain(`in use by process ${bot.child.pid} on ${hostname()}`);
    await bot.stop();
    await checkCopy(path, bot.round);
  });

  test('after a restore the former session lies beside it, other bots are not touched, and the session opens', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    const bot = new Bot(path);
    await bot.untilRound(3);
    await bot.kill();
    const { round } = bot;
    expect(await care(cwd, ['backup', 'copy'])).toMatchObject({ code: 0 });
    const later = await openSession(path, { log: quiet });
    void later.set({ session: { p0: { round: 9_999 } } });
    await later.close();
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'creds.json'), 'theirs');
    const { code, stdout, stderr } = await care(cwd, ['restore', 'copy', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { before, warning } = JSON.parse(stdout) as { before: string; warning: string };
    expect(before).toMatch(/\/sessions\.before-\d{4}-\d\d-\d\dT[\d-]+Z$/);
    expect(warning).toContain('An old copy turns the encryption back');
    expect(readFileSync(join(path, 'bot1', 'creds.json'), 'utf8')).toBe('theirs');
    expect(existsSync(join(before, 'bot1'))).toBe(false);
    expect(readdirSync(cwd).sort()).toEqual(['copy', 'sessions', before.split('/').at(-1)].sort());
    const old = await openQuietly(before);
    expect(old.get('session', ['p0'])).toEqual({ p0: { round: 9_999 } });
    await checkCopy(path, round);
    const restored = await openQuietly(path);
    expect(restored.get('session', ['p0']).p0).not.toEqual({ round: 9_999 });
  });

  test('restore refuses a backup that cannot be used, and changes no file', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    await stockFolder(path);
    await (await openSession(path, { log: quiet })).close();
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full', 'x'), '');
    mkdirSync(join(cwd, 'none'));
    mkdirSync(join(cwd, 'damaged'));
    writeFileSync(join(cwd, 'damaged', 'creds.json'), '{"noiseKey":');
    const before = readdirSync(path);
    const refused: Array<[string[], RegExp]> = [
      [['backup', 'full'], /exists already\. Name a new folder/],
      [['backup', 'sessions/copy'], /is inside the session itself/],
      [['backup', 'sessions'], /is inside the session itself/],
      [['restore', 'none'], /holds no session/],
      [['restore', 'missing'], /holds no session/],
      [['restore', 'sessions'], /is the session itself/],
      [['restore', 'damaged'], /This backup cannot be used: .*creds\.json is damaged/],
    ];
    const results = await Promise.all(refused.map(([args]) => care(cwd, args)));
    for (const [index, { code, stderr }] of results.entries()) {
      expect({ code, stderr }).toEqual({
        code: 78,
        stderr: expect.stringMatching(refused[index]?.[1] ?? /x/),
      });
    }
    expect(readdirSync(path)).toEqual(before);
    expect(readdirSync(cwd).sort()).toEqual(['damaged', 'full', 'none', 'sessions']);
    const nothing = await care(cwd, ['backup', 'copy'], { SESSION_PATH: join(cwd, 'none') });
    expect(nothing).toMatchObject({ code: 78, stderr: expect.stringContaining('There is no session in') });
  });

  test('the target of a backup may be an empty folder, and a restore needs no session to be there', async () => {
    const cwd = home();
    const path = join(cwd, 'sessions');
    await stockFolder(path);
    mkdirSync(join(cwd, 'copy'));
    expect(await care(cwd, ['backup', 'copy'])).toMatchObject({ code: 0 });
    const elsewhere = { SESSION_PATH: join(cwd, 'deep', 'new') };
    const { code, stdout } = await care(cwd, ['restore', 'copy'], elsewhere);
    expect(code).toBe(0);
    expect(stdout).not.toContain('What was there');
    expect((await openQuietly(elsewhere.SESSION_PATH)).wasLinked).toBe(true);
    expect(readdirSync(join(cwd, 'deep'))).toEqual(['new']);
  });
});

describe.runIf(process.getuid?.() === 0)('as another user than that of the bot', () => {
  test('run by another user, each session command says whose folder it is, as one JSON document too, and changes no file', async () => {
    const cwd = home();
    chmodSync(cwd, 0o755);
    const path = join(cwd, 'sessions');
    await stockFolder(path);
    chmodSync(path, 0o700);
    const before = readdirSync(path);
    const commands = [['status'], ['backup', 'copy'], ['doctor']];
    const settings = { WA_WEBSOCKET_URL: await serverUrl() };
    for (const args of commands) {
      const [text, json] = await Promise.all([
        care(cwd, args, settings, NOBODY),
        care(cwd, [...args, '--json'], settings, NOBODY),
      ]);
      const { error, checks } = JSON.parse(json.stdout) as { error?: { message: string }; checks?: object[] };
      if (args[0] === 'doctor') {
        expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 1, stderr: '' });
        expect(text.stdout).toMatch(/✗ Folder: .* if not, run the doctor as the user it runs as/);
        expect(checks).toContainEqual(expect.objectContaining({ name: 'Folder', state: 'problem' }));
      } else {
        expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 78, stdout: '' });
        expect(text.stderr).toMatch(
          new RegExp(`EACCES at .* runs as uid ${NOBODY}: run it as the user of the bot`),
        );
        expect(error?.message).toBe(text.stderr.trim());
      }
    }
    expect(readdirSync(path)).toEqual(before);
  });
});

test('if a pipe closes after the first lines, the session command prints no stack trace', async () => {
  const cwd = home();
  await stockFolder(join(cwd, 'sessions'));
  const command = `"${process.execPath}" "${CLI}" status | true`;
  const env = { PATH: process.env.PATH ?? '', SESSION_PATH: join(cwd, 'sessions') };
  const { stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  expect(stderr).toBe('');
});

test('after a restore that was killed the bot says so and does not start, and the restore can be run again', async () => {
  const cwd = home();
  const path = join(cwd, 'sessions');
  const copy = join(cwd, 'copy');
  await stockFolder(path);
  const backup = await care(cwd, ['backup', copy]);
  expect(backup.code, backup.stderr).toBe(0);
  const keptFolders = (): string[] => readdirSync(cwd).filter((name) => name.includes('.before-'));
  // It moves thousands of files; should it be faster than the kill, there is another try.
  for (let attempt = 0; attempt < 5 && !existsSync(join(path, 'restoring.json')); attempt++) {
    for (const name of keptFolders()) rmSync(join(cwd, name), { recursive: true });
    for (let n = 0; n < 5_000; n++) writeFileSync(join(path, `session-${n}.json`), '{}');
    const env = { PATH: process.env.PATH ?? '', SESSION_PATH: path };
    const child = spawn(process.execPath, [CLI, 'restore', copy], {
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
  const says = (command: string): RegExp =>
    new RegExp(`was cut off before its end\\. What was there before is in .*Run it again: ${command}`);
  await expect(openSession(path, { log: quiet })).rejects.toMatchObject({
    code: 'SESSION_UNUSABLE',
    message: expect.stringMatching(says('npm run session')),
  });
  const status = await care(cwd, ['status']);
  expect(status.stderr + status.stdout).toMatch(says(`node \\S+cli/session\\.js`));
  const again = await care(cwd, ['restore', copy]);
  expect(again.code, again.stderr).toBe(0);
  expect((await openQuietly(path)).wasLinked).toBe(true);
  const kept = keptFolders();
  expect(kept).toHaveLength(1);
  const old = readdirSync(join(cwd, kept[0] ?? ''));
  expect(old).toContain('creds.json');
  expect(old.filter((name) => /^session-\d+\.json$/.test(name))).toHaveLength(5_000);
});
