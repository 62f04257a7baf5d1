/**
 * Measures perennial against the library's documented recipe, in turns in one run, and writes bench/RESULTS.md.
 * Linux only.
 *
 *   npm run bench [-- --quick] [--only NAME] [--also-node PATH] [--against COMMAND]
 *
 * `--only` is one of pre-keys, commands, starts, memory, checkpoints; it prints and writes no file. `--also-node` measures starts
 * with another Node.js as well. `--against` measures a third bot, the rival. It reads SESSION_PATH,
 * WA_WEBSOCKET_URL and WA_ROOT_KEY, shows its QR code as a line `QR <text>` or as `qr-code.png` in its folder, and
 * answers `!ping`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareCheckpoints } from './compare-checkpoints.ts';
import { compareCommands, compareMemory, comparePreKeys } from './compare-commands.ts';
import { compareStarts } from './compare-starts.ts';
import { Comparison } from './comparison.ts';
import { resultsOf } from './results.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    'also-node': { type: 'string' },
    against: { type: 'string' },
  },
});
const isQuick = values.quick;
const rival = values.against ? (['rival'] as const) : [];
const bench = new Comparison(['recipe', 'perennial', ...rival], isQuick);
if (values.against) process.env.BENCH_AGAINST = values.against;
// libsignal prints the Signal sessions of the simulated people.
for (const method of ['info', 'warn', 'error'] as const) console[method] = () => {};

const nodes = [process.execPath, ...(values['also-node'] ? [values['also-node']] : [])];
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  'pre-keys': () => comparePreKeys(bench),
  commands: () => compareCommands(bench),
  starts: () => compareStarts(bench, nodes),
  memory: () => compareMemory(bench),
  checkpoints: () => compareCheckpoints(bench),
};
const parts = Object.entries(PARTS).filter(([name]) => (values.only ?? name) === name);
if (parts.length === 0) {
  process.stderr.write(`There is no part ${values.only}. Parts: ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
for (const [, part] of parts) await part();
const results = resultsOf(bench.rows, bench.growth, `npm run bench${isQuick ? ' -- --quick' : ''}`);
if (!values.only) writeFileSync(fileURLToPath(new URL('./RESULTS.md', import.meta.url)), results);
process.stdout.write(results);
process.exit(0);
