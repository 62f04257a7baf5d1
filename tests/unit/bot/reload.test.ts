import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';

const COMMAND_MODULE = join(import.meta.dirname, '../../../src/bot/command.ts');
const DEADLINE_MS = 20_000;

const source = (summary: string) => `
import { command } from ${JSON.stringify(COMMAND_MODULE)};
const summary: string = ${JSON.stringify(summary)};
export default command({ name: 'x', summary, run: (ctx) => ctx.reply('x') });
`;

interface Line {
  readonly line: string;
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

test('a saved command is loaded again; one that does not compile leaves the old one, and says where', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reload-'));
  const path = join(folder, 'x.ts');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(path, source('first'));
  const program = join(import.meta.dirname, 'reload-program.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const next = reader(child);
  try {
    expect(await next('the first load')).toMatchObject({ line: 'watching', summary: 'first' });

    await writeFile(path, source('second'));
    expect(await next('the second version')).toMatchObject({
      line: 'a command was loaded again',
      summary: 'second',
    });

    await writeFile(path, `${source('broken')}\nconst = 1;\n`);
    const broken = await next('the broken version');
    expect(broken).toMatchObject({
      line: 'a command could not be loaded; the old one stays',
      summary: 'second',
    });
    expect(broken.problem).toMatch(/x\.ts:6:6/);

    await writeFile(path, source('third'));
    expect(await next('the repaired version')).toMatchObject({
      line: 'a command was loaded again',
      summary: 'third',
    });

    await unlink(path);
    const gone = await next('the removal');
    expect(gone.line).toBe('a command was removed');
    expect(gone.summary).toBeUndefined();

    child.kill('SIGTERM');
    expect(await next('the end')).toMatchObject({ line: 'stopped' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
