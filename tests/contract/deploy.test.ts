import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const STOP_CODES = ['75', '77', '78'];

/** Settings are in capitals; so are a few names of the surroundings. */
const FOREIGN = new Set(['NODE_ENV', 'NO_COLOR', 'HELD_FILE', 'ALL', 'PATH']);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-deploy-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('settings in deploy files exist', () => {
  test.each([
    ['Dockerfile', /\b([A-Z][A-Z_]+)=/g],
    ['deploy/compose.yaml', /^\s+(?:# )?([A-Z][A-Z_]+):/gm],
    ['deploy/kubernetes.yaml', /name: ([A-Z][A-Z_]+)\b/g],
    ['deploy/perennial@.service', /\b([A-Z][A-Z_]+)=/g],
    ['deploy/ecosystem.config.cjs', /\b([A-Z][A-Z_]+):/g],
  ])('%s names only settings that exist', (path, pattern) => {
    const names = [...read(path).matchAll(pattern)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...Object.keys(SETTINGS), ...FOREIGN]).toContain(name);
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  test('the image runs the program itself, not as root, and stops it with SIGTERM', () => {
    expect(text).toContain('CMD ["node", "dist/main.js"]');
    expect(text).toMatch(/^USER 1000:1000$/m);
    expect(text).toContain('VOLUME ["/app/sessions"]');
    expect(text).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(text.lastIndexOf('USER')).toBeGreaterThan(text.lastIndexOf('RUN'));
  });

  test('the Dockerfile copies files that exist and that .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copies = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
    expect(copies.length).toBeGreaterThan(0);
    for (const [, sources = ''] of copies) {
      for (const source of sources.split(' ')) {
        expect(existsSync(source), source).toBe(true);
        expect(allowed).toContain(`!${source}`);
      }
    }
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    for (const secret of ['!sessions', '!.env', '!.git']) expect(allowed).not.toContain(secret);
  });
});

test('in compose.yaml every bot has a folder of its own, and none is restarted after 75, 77 or 78', () => {
  const text = read('deploy/compose.yaml');
  const bots = [...text.matchAll(/^ {2}(bot\d+):$/gm)].map((match) => match[1]);
  const volumes = [...text.matchAll(/volumes: \["\.\.\/(\S+):\/app\/sessions"\]/g)].map((match) => match[1]);
  expect(bots).toEqual(['bot1', 'bot2']);
  expect(volumes).toEqual(bots.map((bot) => `sessions/${bot}`));
  expect(text).toContain('command: ["sh", "deploy/hold.sh"]');
});

test('in kubernetes.yaml each replica has a volume for one pod only, and no port is open without a token', () => {
  const text = read('deploy/kubernetes.yaml');
  expect(text).toContain('kind: StatefulSet');
  expect(text).toContain('accessModes: [ReadWriteOncePod]');
  expect(text).toContain('whenScaled: Retain');
  expect(text).toContain('command: ["sh", "deploy/hold.sh"]');
  expect(text).toMatch(/HTTP_TOKEN\s+valueFrom/);
});

test('the systemd unit does not restart after 75, 77 and 78, and has a session for each instance', () => {
  const unit = read('deploy/perennial@.service');
  expect(unit).toContain(`RestartPreventExitStatus=${STOP_CODES.join(' ')}`);
  expect(unit).toContain('Restart=always');
  expect(unit).toContain('SESSION_PATH=/var/lib/perennial/%i');
  expect(unit).toContain('StateDirectory=perennial/%i');
});

test('the pm2 file has one process and one folder for each bot, and does not restart after 75, 77 and 78', () => {
  const load = createRequire(import.meta.url);
  const { apps } = load(resolve('deploy/ecosystem.config.cjs')) as {
    apps: { exec_mode: string; instances: number; stop_exit_codes: number[]; env: Record<string, string> }[];
  };
  expect(apps.length).toBeGreaterThan(0);
  for (const app of apps) {
    expect(app).toMatchObject({ exec_mode: 'fork', instances: 1, stop_exit_codes: STOP_CODES.map(Number) });
  }
  expect(new Set(apps.map(({ env }) => env.SESSION_PATH)).size).toBe(apps.length);
  expect(new Set(apps.map(({ env }) => env.HTTP_PORT)).size).toBe(apps.length);
});

describe.skipIf(process.platform === 'win32')('hold.sh', () => {
  /** In place of the bot: ends with a code, or at a signal. */
  function start(bot: string) {
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist', 'main.js'), bot);
    const held = join(folder, 'held');
    const env = { PATH: process.env.PATH, HELD_FILE: held };
    const child = spawn('sh', [resolve('deploy/hold.sh')], { cwd: folder, env });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
    return { child, exited, held, printed: () => printed };
  }

  test.each([0, 1, 137])('hold.sh passes exit code %i on', async (code) => {
    expect(await start(`process.exit(${code})`).exited).toBe(code);
  });

  test.each(STOP_CODES)('hold.sh stays after %s, says so, and ends when it is asked to', async (code) => {
    const { child, exited, held, printed } = start(`process.exit(${code})`);
    await vi.waitFor(() => expect(printed()).toContain(`exit code ${code}`), 10_000);
    expect(existsSync(held)).toBe(true);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  test('hold.sh hands a signal to the bot and waits for it', async () => {
    const bot = `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 300)); console.log('up');
      setInterval(() => {}, 1000);`;
    const { child, exited, printed } = start(bot);
    await vi.waitFor(() => expect(printed()).toContain('up'), 10_000);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

describe('healthcheck.mjs', () => {
  function ask(question: string, env: Record<string, string>): Promise<number | null> {
    const child = spawn(process.execPath, [resolve('deploy/healthcheck.mjs'), question], {
      env: { HELD_FILE: join(folder, 'held'), ...env },
      stdio: 'ignore',
    });
    return once(child, 'exit').then(([code]) => code as number | null);
  }

  test('healthcheck.mjs answers yes if there is no file and no port to look at', async () => {
    expect(await ask('', {})).toBe(0);
    expect(await ask('', { HTTP_PORT: '0' })).toBe(0);
  });

  test('healthcheck.mjs says that a bot that hold.sh holds is alive and not well', async () => {
    writeFileSync(join(folder, 'held'), '');
    expect(await ask('live', {})).toBe(0);
    expect(await ask('', {})).toBe(1);
    expect(await ask('ready', {})).toBe(1);
  });

  test('healthcheck.mjs answers yes at a fresh liveness file without an HTTP request, and no at an old one', async () => {
    mkdirSync(join(folder, '.lock'));
    writeFileSync(join(folder, '.lock', 'alive'), '');
    const env = { SESSION_PATH: folder, HTTP_PORT: '9' };
    expect(await ask('live', env)).toBe(0);
    expect(await ask('', env)).toBe(0);
    expect(await ask('ready', env)).toBe(1);
    utimesSync(join(folder, '.lock', 'alive'), 1, 1);
    expect(await ask('live', env)).toBe(1);
    expect(await ask('', { SESSION_PATH: folder })).toBe(1);
  });

  test('healthcheck.mjs asks /healthz, and with `ready` and the token /readyz', async () => {
    const asked: unknown[] = [];
    const server = createServer(({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      response.writeHead(url === '/healthz' ? 200 : 503).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const env = { HTTP_PORT: String((server.address() as AddressInfo).port), HTTP_HOST: '0.0.0.0' };
    expect(await ask('', env)).toBe(0);
    expect(await ask('ready', { ...env, HTTP_TOKEN: 'secret' })).toBe(1);
    expect(asked).toEqual([
      ['/healthz', undefined],
      ['/readyz', 'Bearer secret'],
    ]);
    server.close();
    server.closeAllConnections();
    expect(await ask('', env)).toBe(1);
  });
});

const systemdAnalyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find(existsSync);

test.skipIf(!systemdAnalyze)('systemd-analyze reports no problem in the unit', () => {
  // It looks for the programs that a unit starts: here Node may be elsewhere.
  const unit = join(folder, 'perennial@.service');
  writeFileSync(unit, read('deploy/perennial@.service'));
  chmodSync(unit, 0o644);
  const printed = execFileSync(systemdAnalyze ?? '', ['verify', unit], { stdio: 'pipe' });
  expect(String(printed)).toBe('');
});

test('every file that the page on operating names is there', () => {
  const page = read('docs/operating.md');
  const paths = page.match(/\bdeploy\/[\w@.-]+\w/g) ?? [];
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) expect(existsSync(path), path).toBe(true);
});
