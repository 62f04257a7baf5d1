import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

interface Import {
  /** As it is written. */
  readonly name: string;
  /** Erased when the program is built. */
  readonly isType: boolean;
}

interface SourceFile {
  readonly path: string;
  readonly lines: number;
  readonly code: string;
  readonly imports: readonly Import[];
}

const IMPORTS =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\b(?:import|require)\(\s*'([^']+)'\s*\)|createRequire\(import\.meta\.url\)\('([^']+)'\)/g;

function readSources(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8');
      // A wall is not broken by a comment that speaks of what is behind it.
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
      const imports = [...code.matchAll(IMPORTS)].map(([, , type, from, called, required]) => ({
        name: from ?? called ?? required ?? '',
        isType: type !== undefined,
      }));
      return { path, lines: text.split('\n').length - 1, code, imports };
    });
}

const SOURCES = readSources();

/** Which room of the house a file is in: its folder, or for the files at the top the folder of that name. */
const roomOf = (path: string): string => path.split('/')[0]?.replace(/\.ts$/, '') ?? '';

const targetOf = (path: string, name: string): string =>
  posix.normalize(posix.join(posix.dirname(path), name));

const isOwn = ({ name }: Import): boolean => name.startsWith('.');

/** Which rooms each room may look into. Arrows point one way: none of these comes back. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  logging: ['config', 'core'],
  session: ['config', 'core', 'logging'],
  doctor: ['config', 'core', 'logging', 'session'],
  pairing: ['config', 'core', 'logging'],
  http: ['config', 'core', 'logging'],
  bot: ['core'],
  commands: ['bot', 'core'],
  listeners: ['bot', 'core'],
  whatsapp: ['config', 'core', 'logging', 'session'],
  simulator: [],
  testing: ['simulator'],
  app: [
    'bot',
    'commands',
    'listeners',
    'config',
    'core',
    'http',
    'logging',
    'pairing',
    'session',
    'whatsapp',
  ],
  index: ['app', 'bot', 'config', 'core', 'whatsapp'],
  'auth-state': ['whatsapp'],
  client: ['app', 'config', 'core', 'logging', 'session', 'whatsapp'],
  main: ['app', 'config', 'core', 'index', 'logging', 'whatsapp'],
  start: ['main'],
  // The one entry that has the simulator with it. Its story has a command of its own.
  demo: ['bot', 'config', 'core', 'logging', 'pairing', 'simulator'],
  cli: ['app', 'config', 'core', 'demo', 'doctor', 'logging', 'session', 'start', 'whatsapp'],
};

/** `file → what it imports` for each import that `isBroken` finds fault with. */
function broken(isBroken: (file: SourceFile, one: Import, target: string) => boolean): string[] {
  return SOURCES.flatMap((file) =>
    file.imports
      .filter((one) => isBroken(file, one, isOwn(one) ? targetOf(file.path, one.name) : one.name))
      .map(({ name }) => `${file.path} → ${name}`),
  );
}

describe('the walls', () => {
  it('every file of src is in a folder of the plan', () => {
    expect([...new Set(SOURCES.map(({ path }) => roomOf(path)))].filter((room) => !(room in ROOMS))).toEqual(
      [],
    );
    expect(SOURCES.length).toBeGreaterThan(100);
  });

  it('the reader of imports sees all of them, and each names a file that exists', () => {
    expect(broken((_, one, target) => isOwn(one) && !existsSync(join(SRC, target)))).toEqual([]);
    expect(SOURCES.flatMap(({ imports }) => imports).filter(isOwn).length).toBeGreaterThan(300);
  });

  it('no file of src has more than 250 lines', () => {
    expect(SOURCES.filter(({ lines }) => lines > 250).map(({ path }) => path)).toEqual([]);
  });

  it('imports between folders point one way', () => {
    expect(
      broken((file, one, target) => {
        const [from, to] = [roomOf(file.path), roomOf(target)];
        return isOwn(one) && from !== to && !ROOMS[from]?.includes(to);
      }),
    ).toEqual([]);
  });

  it('the plan of imports has no circle', () => {
    const reaches = (from: string, to: string): boolean =>
      (ROOMS[from] ?? []).some((next) => next === to || reaches(next, to));
    expect(Object.keys(ROOMS).filter((room) => reaches(room, room))).toEqual([]);
  });

  it('only whatsapp/, session/ and simulator/ know Baileys and libsignal; the demo its types', () => {
    const KNOWING = ['whatsapp', 'session', 'simulator'];
    expect(
      broken(
        ({ path }, { name, isType }) =>
          /^(@whiskeysockets\/baileys|libsignal|whatsapp-rust-bridge)(\/|$)/.test(name) &&
          !KNOWING.includes(roomOf(path)) &&
          !(roomOf(path) === 'demo' && isType),
      ),
    ).toEqual([]);
  });

  it('main loads neither Baileys nor what loads it before the console is guarded', () => {
    const loaded = new Set<string>();
    const load = (path: string): void => {
      if (loaded.has(path)) return;
      loaded.add(path);
      const file = SOURCES.find((source) => source.path === path);
      const statics = file?.code.replace(/import\(\s*'[^']+'\s*\)/g, '') ?? '';
      for (const [, , type, from] of statics.matchAll(IMPORTS)) {
        if (type || !from) continue;
        expect(from, `${path} is loaded by main.ts`).not.toMatch(/baileys|libsignal/);
        if (from.startsWith('.')) load(targetOf(path, from));
      }
    };
    load('main.ts');
    expect(loaded.size).toBeGreaterThan(5);
  });

  it('no files import each other in a circle, types included', () => {
    const paths = new Map(SOURCES.map((file) => [file.path, file]));
    const cycles: string[] = [];
    const done = new Set<string>();
    const walk = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) {
        cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
        return;
      }
      if (done.has(path)) return;
      const own = paths.get(path)?.imports.filter(isOwn) ?? [];
      for (const { name } of own) walk(targetOf(path, name), [...way, path]);
      done.add(path);
    };
    for (const path of paths.keys()) walk(path, []);
    expect(cycles).toEqual([]);
  });
});

/** Files whose code matches. */
const filesWith = (pattern: RegExp): string[] =>
  SOURCES.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

/** All files that a process has loaded sooner or later. */
function reachableFrom(entry: string, reached = new Set<string>()): Set<string> {
  if (reached.has(entry)) return reached;
  reached.add(entry);
  const values = SOURCES.find(({ path }) => path === entry)?.imports.filter(
    (one) => isOwn(one) && !one.isType,
  );
  for (const { name } of values ?? []) reachableFrom(targetOf(entry, name), reached);
  return reached;
}

describe('what only one place does', () => {
  it('the environment is read in config.ts; the demo hands its own on; one file asks only whether npm runs it', () => {
    expect(filesWith(/\bprocess\.env\b|\benv\b.*from 'node:process'/)).toEqual(
      expect.arrayContaining(['config/config.ts']),
    );
    expect(
      filesWith(/\bprocess\.env\b(?!\.npm_lifecycle_event)/).filter(
        (path) => !['config/config.ts', 'cli/demo.ts'].includes(path),
      ),
    ).toEqual([]);
    expect(filesWith(/\bprocess\.env\.npm_lifecycle_event\b/)).toEqual(['core/session-command-text.ts']);
  });

  it('the process is ended in main.ts; the demo is a process of its own', () => {
    expect(
      filesWith(/\bprocess\.exit\(/).filter((path) => !['main.ts', 'cli/demo.ts'].includes(path)),
    ).toEqual([]);
  });

  it('only the console guard uses the console', () => {
    expect(filesWith(/\bconsole\s*[.[]/).filter((path) => roomOf(path) !== 'logging')).toEqual([]);
  });

  it('sockets to WhatsApp are made in one file', () => {
    expect(filesWith(/\bmakeWASocket\b/)).toEqual(['whatsapp/connection/open-socket.ts']);
  });

  it('no code that the bot runs removes a folder', () => {
    const removing = filesWith(/\brm(Sync)?\([^)]*recursive|\brmdir/);
    expect([...reachableFrom('main.ts')].filter((path) => removing.includes(path))).toEqual([]);
  });
});

describe('the lines that people rely on', () => {
  it.each([
    'Initializing Baileys WhatsApp client...',
    'Connection status: ',
    '✅ WhatsApp connection established',
    'QR Code received, scan with WhatsApp',
    '📱 Please scan the QR code to authenticate',
    '=== SCAN THIS QR CODE WITH WHATSAPP ===',
    '⚠️ Authentication failed (',
    'Authentication failed, but might be temporary. Trying to reconnect...',
    'Reconnecting in ',
    ' seconds...',
    'Logged out. Run: rm -rf ',
  ])('src still has the line that people rely on: %s', (line) => {
    expect(SOURCES.some(({ code }) => code.includes(line))).toBe(true);
  });
});
