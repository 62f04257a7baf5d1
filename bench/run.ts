/**
 * npm run bench [-- --quick]: perennial against the library's documented recipe, alternating in one run, as ratios.
 * Writes bench/RESULTS.md. A ratio below 1 means that perennial needs less.
 */
import { writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Kind } from './bots.ts';
import { commandCost, memoryAfter, preKeysMs, startCost } from './measure.ts';

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly wanted: string;
  readonly perennial: readonly number[];
  readonly recipe: readonly number[];
}

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const isQuick = values.quick;
const rows: Row[] = [];
// The simulated people's own sessions print through libsignal.
for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};

/** Measures one after the other, in turns, so that a slow minute of the machine hits both. */
async function compare<T>(
  turns: number,
  measure: (kind: Kind) => Promise<T>,
  columns: ReadonlyArray<Pick<Row, 'what' | 'unit' | 'wanted'> & { readonly of: (result: T) => number }>,
): Promise<void> {
  const results: Record<Kind, T[]> = { perennial: [], recipe: [] };
  for (let turn = 0; turn < turns; turn += 1) {
    for (const kind of turn % 2 === 0
      ? (['recipe', 'perennial'] as const)
      : (['perennial', 'recipe'] as const)) {
      results[kind].push(await measure(kind));
      process.stderr.write('.');
    }
  }
  for (const { of, ...column } of columns) {
    rows.push({ ...column, perennial: results.perennial.map(of), recipe: results.recipe.map(of) });
    process.stderr.write(` ${column.what}: ${ratioOf(rows.at(-1) as Row)}\n`);
  }
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const spread = (numbers: readonly number[]): string =>
  `${median(numbers).toPrecision(3)} (${Math.min(...numbers).toPrecision(3)} to ${Math.max(...numbers).toPrecision(3)})`;
const ratioOf = (row: Row): string => (median(row.perennial) / median(row.recipe)).toFixed(2);

function table(): string {
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${row.unit} | ${spread(row.perennial)} | ${spread(row.recipe)} | **${ratioOf(row)}** | ${row.wanted} |`,
  );
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${platform()} ${arch()}, Node ${process.version}`;
  return `# Measured against the library's own recipe

${new Date().toISOString().slice(0, 10)}, on ${machine}. \`npm run bench${isQuick ? ' -- --quick' : ''}\` makes this file.

Median (lowest to highest) of alternating turns. A ratio below 1 means that perennial needs less. The recipe is
\`useMultiFileAuthState\` with \`makeCacheableSignalKeyStore\` (bench/recipe.mjs); people and WhatsApp are simulated in
another process.

| what | unit | perennial | recipe | ratio | wanted |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

await compare(isQuick ? 3 : 7, preKeysMs, [
  { what: '812 pre-keys saved', unit: 'ms', wanted: '≤ 0.25', of: (ms) => ms },
]);
for (const addressing of ['pn', 'lid'] as const) {
  await compare(isQuick ? 2 : 3, (kind) => commandCost(kind, addressing, isQuick ? 100 : 200), [
    {
      what: `a command answered, ${addressing.toUpperCase()} chats, CPU`,
      unit: 'ms',
      wanted: '≤ 0.70',
      of: ({ cpuMs }) => cpuMs,
    },
    {
      what: `a command answered, ${addressing.toUpperCase()} chats, wall`,
      unit: 'ms',
      wanted: '',
      of: ({ wallMs }) => wallMs,
    },
  ]);
}
for (const files of isQuick ? [0, 5_000] : [0, 5_000, 50_000]) {
  await compare(isQuick ? 2 : 5, (kind) => startCost(kind, files), [
    {
      what: `cold start to login, ${files} more key files`,
      unit: 'ms',
      wanted: '≤ 1.10',
      of: ({ loginMs }) => loginMs,
    },
    {
      what: `resident and idle, ${files} more key files`,
      unit: 'MiB',
      wanted: '≤ 1.15',
      of: ({ idleMiB }) => idleMiB,
    },
  ]);
}
const [messages, people] = isQuick ? [1_000, 100] : [10_000, 1_000];
await compare(isQuick ? 1 : 2, (kind) => memoryAfter(kind, messages, people), [
  {
    what: `resident after ${messages} messages from ${people} people`,
    unit: 'MiB',
    wanted: '≤ 1.15',
    of: (mib) => mib,
  },
]);

const file = fileURLToPath(new URL('./RESULTS.md', import.meta.url));
writeFileSync(file, table());
process.stdout.write(table());
process.exit(0);
