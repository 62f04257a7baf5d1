import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { useMultiFileAuthState } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../src/doctor/doctor-check.ts';
import { openSession } from '../../src/session/session-store.ts';
import {
  linkedCreds,
  openQuietly,
  recordingLog,
  stockFolder,
  temporaryFolder,
} from '../unit/session/helpers.ts';
import { NUMBER, serverUrl, session, sessionFacts } from './support/session-command.ts';

async function openLinked(path: string) {
  const opened = await openQuietly(path);
  Object.assign(opened.creds, linkedCreds());
  opened.saveCreds();
  return opened;
}

describe('arguments', () => {
  test.each([
    [[], ''],
    [['dance'], 'dance'],
    [['backup'], 'backup'],
    [['status', 'x'], 'status'],
    [['restore', 'a', 'b'], 'restore'],
    [['status', '--loud'], '--loud'],
    [['explain', ''], 'explain'],
  ])('session %j gives one sentence that names "%s", the usage, and exit code 78', async (args, named) => {
    const cwd = temporaryFolder();
    const { stderr, ...rest } = await session(cwd, args);
    expect(rest).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\.\n\nUsage: npm run session -- COMMAND \[--json\]\n/);
    expect(stderr.split('\n')[0]).toContain(named);
    const { facts } = await sessionFacts(cwd, args);
    expect(facts).toEqual({ error: { code: 'BAD_ARGUMENTS', message: stderr.trim() } });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('session --help prints the usage', async () => {
    const usage = { code: 0, stdout: expect.stringMatching(/^Usage: /), stderr: '' };
    expect(await session(temporaryFolder(), ['--help'])).toEqual(usage);
  });

  test('the session command names bad settings', async () => {
    const { code, facts } = await sessionFacts(temporaryFolder(), ['status'], { RECONNECT_DELAY_MS: 'soon' });
    expect(code).toBe(78);
    const message = expect.stringContaining('RECONNECT_DELAY_MS');
    expect(facts).toEqual({ error: { code: 'BAD_CONFIG', message } });
  });
});

describe('status', () => {
  test('status reports no session and a linked session, and changes no file', async () => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'sessions');
    const none = await session(cwd, ['status']);
    expect(none).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[^\n]+\n$/) });
    expect(none.stdout).toContain(path);
    expect((await sessionFacts(cwd, ['status'])).facts).toMatchObject({ exists: false, isLinked: false });
    expect(existsSync(path)).toBe(false);
    await stockFolder(path);
    mkdirSync(join(path, 'bot1'));
    writeFileSync(join(path, 'bot1', 'pre-key-5.json'), '{}');
    const before = readdirSync(path);
    const { stdout } = await session(cwd, ['status']);
    expect(stdout).toMatch(/Linked: {3}to 1555\S*•••567/);
    expect(stdout).toMatch(/In use: {3}no\n/);
    expect(stdout).toMatch(/pre-key +1 /);
    const { facts } = await sessionFacts(cwd, ['status']);
    expect(facts).toMatchObject({ exists: true, isLinked: true, owner: null, loggedOut: null });
    expect(readdirSync(path)).toEqual(before);
  });

  test('status names the process, the journal and a logout', async () => {
    const cwd = temporaryFolder();
    const opened = await openLinked(join(cwd, 'sessions'));
    void opened.set({ session: { a: { n: 1 } } });
    opened.noteLogout({ atMs: Date.UTC(2026, 0, 2), reason: 'device_removed' });
    const { stdout } = await session(cwd, ['status']);
    const named = [String(process.pid), hostname(), '2026-01-02 00:00:00 UTC', 'rm -rf '];
    expect(named.filter((word) => !stdout.includes(word))).toEqual([]);
    const { facts } = await sessionFacts(cwd, ['status']);
    expect(facts).toMatchObject({
      owner: { pid: process.pid, host: hostname() },
      journal: { files: 1, bytes: opened.facts().journalBytes },
      loggedOut: { at: '2026-01-02T00:00:00.000Z' },
    });
  });
});

describe('doctor', () => {
  interface Examined {
    readonly isFine: boolean;
    readonly checks: readonly Check[];
  }

  test('while the bot runs well, doctor prints a ✓ in each line and ends with 0', async () => {
    const cwd = temporaryFolder();
    const { path } = await openLinked(join(cwd, 'sessions'));
    const settings = { WA_WEBSOCKET_URL: await serverUrl() };
    const before = readdirSync(path);
    const { stdout, ...rest } = await session(cwd, ['doctor'], settings);
    expect(rest).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('✓ '))).toEqual([]);
    const names = lines.map((line) => /^✓ ([^:]+):/.exec(line)?.[1]);
    const looked =
      'Node.js, Settings, Folder, Free space, Lock, Credentials, Files, DNS, Connection, Clock, Client version';
    expect(names.join(', ')).toBe(looked);
    expect(stdout).toContain(`process ${process.pid} on ${hostname()}`);
    const { facts } = await sessionFacts<Examined>(cwd, ['doctor'], settings);
    expect(facts.isFine).toBe(true);
    expect(facts.checks.map(({ name, state }) => [name, state])).toEqual(names.map((name) => [name, 'ok']));
    expect(readdirSync(path)).toEqual(before);
  });

  interface Fault {
    readonly fault: string;
    readonly finding: Readonly<Record<'name' | 'state', string> & Record<string, unknown>>;
    readonly prepare?: (path: string) => void | Promise<void>;
    readonly settings?: Readonly<Record<string, string>>;
  }

  const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
  const problem = (name: string, text: RegExp) => ({ name, state: 'problem', text: like(text) });
  const warning = (name: string, text: RegExp) => ({ name, state: 'warning', text: like(text) });

  test.each<Fault>([
    {
      fault: 'a server that cannot be reached',
      finding: { ...problem('Connection', /^127\.0\.0\.1:1: ECONNREFUSED$/), mend: like(/./) },
      settings: { WA_WEBSOCKET_URL: 'ws://127.0.0.1:1/ws' },
    },
    {
      fault: 'a host that no DNS knows',
      finding: problem('DNS', /^no-such-host\.invalid:443: /),
      settings: { WA_WEBSOCKET_URL: 'wss://no-such-host.invalid/ws' },
    },
    { fault: 'a session that is not there yet', finding: warning('Credentials', /^not linked yet/) },
    {
      fault: 'a file in the place of the folder',
      finding: {
        ...problem('Folder', /^SESSION_PATH \S+ is not a folder, or lies under a file$/),
        mend: like(/./),
      },
      prepare: (path) => writeFileSync(path, ''),
    },
    {
      fault: 'damaged credentials',
      finding: problem('Credentials', /creds\.json is damaged/),
      prepare: async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'creds.json'), '{');
      },
    },
    {
      fault: 'a pairing that was not completed',
      finding: warning('Credentials', /^a pairing was begun/),
      prepare: async (path) => {
        const { state, saveCreds } = await useMultiFileAuthState(path);
        Object.assign(state.creds, { me: { id: `${NUMBER}@s.whatsapp.net` } });
        await saveCreds();
      },
    },
    {
      fault: 'a logout',
      finding: problem('Credentials', /^logged out since 2026/),
      prepare: async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'logged-out.json'), '{"atMs":1767312000000,"reason":"x"}');
      },
    },
    {
      fault: 'damaged keys that were set aside',
      finding: warning('Files', /^1 of \d+ were damaged/),
      prepare: async (path) => {
        await stockFolder(path);
        writeFileSync(join(path, 'session-x.json.damaged'), '');
      },
    },
    {
      fault: 'a folder that others can read',
      finding: { ...warning('Folder', /^\S+ can be read by others$/), mend: like(/^chmod 700/) },
      prepare: stockFolder,
    },
    {
      fault: 'a bad setting',
      finding: problem('Settings', /\n.*LOG_LEVEL/),
      settings: { LOG_LEVEL: 'loud' },
    },
  ])('doctor finds $fault, and changes no file', async ({ finding, prepare, settings }) => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'sessions');
    await prepare?.(path);
    const files = () => readdirSync(cwd, { recursive: true });
    const before = files();
    const url = { WA_WEBSOCKET_URL: await serverUrl() };
    const { code, facts } = await sessionFacts<Examined>(cwd, ['doctor'], { ...url, ...settings });
    expect(facts.checks.find(({ name }) => name === finding.name)).toMatchObject(finding);
    const isFine = finding.state !== 'problem';
    expect({ code, isFine: facts.isFine }).toEqual({ code: isFine ? 0 : 1, isFine });
    expect(files()).toEqual(before);
  });

  test('doctor prints a ✗ and a ! with what is wrong and what to do', async () => {
    const { code, stdout } = await session(temporaryFolder(), ['doctor'], {
      WA_WEBSOCKET_URL: 'ws://127.0.0.1:1/ws',
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ Connection: 127\.0\.0\.1:1: ECONNREFUSED\. To fix it: /);
    expect(stdout).toMatch(/! Credentials: not linked yet/);
  });
});

describe('explain', () => {
  const BAD_ARGUMENTS = { code: 'BAD_ARGUMENTS', message: expect.any(String) };
  const row = { chatKind: 'direct', sender: '+15551•••567', outcome: 'not-allowed', detail: 'owners-only' };
  const rows = (atMs: number) => ({
    outcomes: { 'ABC1|hash0001': { ...row, atMs, tookMs: 3 } },
    inbox: { '|15550200001|OLD1': { atMs, hashes: ['hash'] } },
  });

  test('explain says what became of a message, while a process uses the session and after it', async () => {
    const cwd = temporaryFolder();
    const opened = await openSession(join(cwd, 'sessions'), { log: recordingLog().log });
    await opened.set(rows(Date.now()));
    const running = await session(cwd, ['explain', 'ABC1']);
    expect(running).toMatchObject({ code: 0, stderr: '' });
    expect(running.stdout).toMatch(/^ABC1 \(direct, \+15551•••567, .* UTC\): not allowed: owners-only\.\n$/);
    const old = await sessionFacts(cwd, ['explain', 'OLD1']);
    expect(old).toMatchObject({ code: 0, facts: { messages: [{ id: 'OLD1', outcome: 'finished' }] } });
    await opened.close();
    const { code, facts } = await sessionFacts(cwd, ['explain', 'ABC1']);
    expect(code).toBe(0);
    const at = expect.stringMatching(/Z$/);
    expect(facts).toMatchObject({ id: 'ABC1', messages: [{ ...row, at }] });
  });

  test.each([
    ['an unknown id', 'ABC2', 1, { id: 'ABC2', messages: [] }],
    ['an id with a control character', 'ABC\x1b[2J', 78, { error: BAD_ARGUMENTS }],
    ['an id that is too long', 'A'.repeat(300), 78, { error: BAD_ARGUMENTS }],
  ])('explain reports %s in one line', async (_, id, code, facts) => {
    const cwd = temporaryFolder();
    const opened = await openQuietly(join(cwd, 'sessions'));
    await opened.set(rows(Date.now()));
    const told = await session(cwd, ['explain', id]);
    expect(told.code).toBe(code);
    expect(told.stdout + told.stderr).toMatch(/^[^\n\p{Cc}]+\.\n$/u);
    expect(await sessionFacts(cwd, ['explain', id])).toEqual({ code, facts });
  });

  test('explain knows no message without a session', async () => {
    const told = await sessionFacts(temporaryFolder(), ['explain', 'ABC1']);
    expect(told).toEqual({ code: 1, facts: { id: 'ABC1', messages: [] } });
  });
});

describe('backup and restore', () => {
  test('restore refuses a backup that cannot be used, and changes no file', async () => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'sessions');
    await stockFolder(path);
    await (await openSession(path, { log: recordingLog().log })).close();
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full', 'x'), '');
    mkdirSync(join(cwd, 'none'));
    mkdirSync(join(cwd, 'damaged'));
    writeFileSync(join(cwd, 'damaged', 'creds.json'), '{"noiseKey":');
    const before = readdirSync(path);
    const refused: ReadonlyArray<readonly [command: string, folder: string, says: RegExp]> = [
      ['backup', 'full', /exists already\. Name a new folder/],
      ['backup', 'sessions/copy', /is inside the session itself/],
      ['backup', 'sessions', /is inside the session itself/],
      ['restore', 'none', /holds no session/],
      ['restore', 'missing', /holds no session/],
      ['restore', 'sessions', /is the session itself/],
      ['restore', 'damaged', /This backup cannot be used: .*creds\.json is damaged/],
    ];
    for (const [command, folder, says] of refused) {
      const { code, stderr } = await session(cwd, [command, join(cwd, folder)]);
      expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringMatching(says) });
    }
    expect(readdirSync(path)).toEqual(before);
    expect(readdirSync(cwd).sort()).toEqual(['damaged', 'full', 'none', 'sessions']);
    const none = join(cwd, 'none');
    const nothing = await sessionFacts(cwd, ['backup', join(cwd, 'copy')], { SESSION_PATH: none });
    const message = expect.stringContaining(none);
    expect(nothing).toEqual({ code: 78, facts: { error: { code: 'SESSION_UNUSABLE', message } } });
  });

  test('the target of a backup may be an empty folder, and a restore needs no session to be there', async () => {
    const cwd = temporaryFolder();
    const copy = join(cwd, 'copy');
    await stockFolder(join(cwd, 'sessions'));
    mkdirSync(copy);
    expect(await session(cwd, ['backup', copy])).toMatchObject({ code: 0 });
    const elsewhere = { SESSION_PATH: join(cwd, 'deep', 'new') };
    const { code, facts } = await sessionFacts(cwd, ['restore', copy], elsewhere);
    expect(code).toBe(0);
    expect(facts).toMatchObject({ isLinked: true, before: null });
    expect((await openQuietly(elsewhere.SESSION_PATH)).wasLinked).toBe(true);
    expect(readdirSync(join(cwd, 'deep'))).toEqual(['new']);
  });
});
