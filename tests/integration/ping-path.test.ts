import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { within } from './support/deadline.ts';
import { Program } from './support/program.ts';

const root = new URL('../../', import.meta.url);

/** The list in docs/design.md, in its order. */
const listed = [
  ...(
    /## The way of one `!ping`\n([\s\S]*?)\n## /.exec(
      readFileSync(new URL('docs/design.md', root), 'utf8'),
    )?.[1] ?? ''
  ).matchAll(/^\d+\. `([\w/.-]+)`/gm),
].map(([, file = '']) => file);

/** The rooms that a message goes through. What `core`, `logging` and `session` do for them is theirs. */
const ROOMS = /^(whatsapp|app|bot|commands)\//;

/** What joins the parts at the start, and what the libraries call because it is repaired in them. */
const BESIDE = new Set([
  'app/start-bot.ts',
  'app/linked-account.ts',
  'app/bot-table.ts',
  'bot/bot-parts.ts',
  'whatsapp/client-parts.ts',
  'whatsapp/connection/connection-factory.ts',
  'whatsapp/signal/libsignal-curve.ts',
]);

let program: Program;
let inspector: Session;

beforeEach(() => {
  program = new Program();
  inspector = new Session();
  inspector.connect();
});

afterEach(async () => {
  inspector.disconnect();
  await program.destroy();
});

/** The files of src/ of which a function with a name was called since the last look. */
async function calledFiles(): Promise<string[]> {
  const { result } = await inspector.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => url.includes('/src/') && !url.includes('/src/simulator/'))
    .filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    )
    .map(({ url }) => url.slice(url.lastIndexOf('/src/') + '/src/'.length).replace(/\?.*$/, ''));
}

/** The files that this one imports. */
function importsOf(file: string): string[] {
  const source = readFileSync(new URL(`src/${file}`, root), 'utf8');
  const base = new URL(`file:///${file}`);
  return [...source.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) =>
    new URL(path, base).pathname.slice(1),
  );
}

it('a !ping takes the way that docs/design.md lists, and leaves it only for what a listed file calls', async () => {
  expect(listed.length).toBeGreaterThan(10);
  expect(listed.length).toBeLessThanOrEqual(25);
  await program.start();
  const person = program.wa.addPerson();
  const first = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === first.id);
  // The report of the start counts messages until then.
  await vi.waitFor(() => expect(program.lines.join('')).toContain('"tookMs"'), 20_000);
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id);
  const called = new Set<string>();
  const collect = async (): Promise<void> => {
    do {
      for (const file of await calledFiles()) called.add(file);
      await setImmediate();
    } while (listed.some((file) => !called.has(file)));
  };
  await within(collect(), `calls in ${listed.join(', ')}`);
  const near = new Set([...listed, ...BESIDE].flatMap(importsOf));
  const strangers = [...called].filter(
    (file) => ROOMS.test(file) && !listed.includes(file) && !near.has(file) && !BESIDE.has(file),
  );
  expect(strangers).toEqual([]);
});
