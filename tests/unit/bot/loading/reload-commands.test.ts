import { type ChildProcess, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { CommandRegistry } from '../../../../src/bot/loading/command-registry.ts';
import { commandTarget } from '../../../../src/bot/loading/load-commands.ts';
import { watchCommands } from '../../../../src/bot/loading/reload-commands.ts';
import { FakeClock, FakeLog } from '../fakes.ts';

const COMMAND_MODULE = join(import.meta.dirname, '../../../../src/bot/command.ts');
const DEADLINE_MS = 20_000;

const source = (summary: string) => `
import { command } from ${JSON.stringify(COMMAND_MODULE)};
const summary: string = ${JSON.stringify(summary)};
export default command({ name: 'x', summary, run: (ctx) => ctx.reply('x') });
`;

/** What `command()` makes, in JavaScript. */
const handWritten = (summary: string) => `
  export default { name: 'x', aliases: [], summary: '${summary}', access: 'everyone', args: {}, cooldownMs: 0,
    run() {} };`;

interface Line {
  readonly line: string;
  readonly change?: string;
  readonly summary?: string;
  readonly problem?: string;
}

/** The next line of the program, or an error that says what was awaited. */
function reader(child: ChildProcess): (awaited: string) => Promise<Line> {
  if (child.stdout === null) throw new Error('the program has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (awaited) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no line after ${DEADLINE_MS} ms: ${awaited}`)), DEADLINE_MS);
    });
    const next = await Promise.race([lines.next(), late]).finally(() => clearTimeout(timer));
    return JSON.parse(next.value ?? '{}');
  };
}

test('a saved command is loaded again, and one that does not compile leaves the old one and logs the line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reload-'));
  const path = join(folder, 'x.ts');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(path, source('first'));
  const program = join(import.meta.dirname, '../reload-program.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const next = reader(child);
  try {
    expect(await next('the first load')).toMatchObject({ line: 'watching', summary: 'first' });

    await writeFile(path, source('second'));
    expect(await next('the second version')).toMatchObject({
      change: 'loaded',
      summary: 'second',
    });

    await writeFile(path, `${source('broken')}\nconst = 1;\n`);
    const broken = await next('the broken version');
    expect(broken).toMatchObject({
      change: 'failed',
      summary: 'second',
    });
    expect(broken.problem).toMatch(/x\.ts:6:6/);

    await writeFile(path, source('third'));
    expect(await next('the repaired version')).toMatchObject({
      change: 'loaded',
      summary: 'third',
    });

    await unlink(path);
    const gone = await next('the removal');
    expect(gone.change).toBe('removed');
    expect(gone.summary).toBeUndefined();

    child.kill('SIGTERM');
    expect(await next('the end')).toMatchObject({ line: 'stopped' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});

test('a folder that the system cannot watch is logged as a warning', async () => {
  const log = new FakeLog();
  const folder = join(tmpdir(), 'no such folder');
  const watching = watchCommands(
    { folder, target: commandTarget(new CommandRegistry()), clock: new FakeClock(), log },
    new AbortController().signal,
  );
  await expect(watching).resolves.toBeUndefined();
  expect(log.lines).toMatchObject([{ level: 'warn', facts: { code: 'ENOENT' } }]);
});

test('a file that is saved again during its load ends in its newest version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reload-'));
  const save = async (summary: string, first = '') => {
    await writeFile(join(folder, '.x.mjs'), `${first}\n${handWritten(summary)}`);
    await rename(join(folder, '.x.mjs'), join(folder, 'x.mjs'));
  };
  const registry = new CommandRegistry();
  const clock = new FakeClock();
  const log = new FakeLog();
  const stop = new AbortController();
  const watching = watchCommands({ folder, target: commandTarget(registry), clock, log }, stop.signal);
  const leftAlone = async () => {
    await vi.waitFor(() => expect(clock.sleeping).toBe(1), DEADLINE_MS);
    await clock.advance(100);
  };
  try {
    const begun = once(process as EventEmitter, 'slow');
    await save('slow', `process.emit('slow'); await new Promise((done) => setTimeout(done, 500));`);
    await leftAlone();
    await begun;
    await save('newest');
    await leftAlone();
    await vi.waitFor(() => expect(log.of('info')).toHaveLength(2), DEADLINE_MS);
    expect(log.of('error')).toEqual([]);
    expect(registry.find('x')?.command.summary).toBe('newest');
  } finally {
    stop.abort();
    await watching;
    await rm(folder, { recursive: true });
  }
});
