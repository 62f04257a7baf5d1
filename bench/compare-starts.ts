import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, type Kind } from './bots.ts';
import type { Column, Comparison } from './comparison.ts';
import { ask } from './measure/paired-bot.ts';
import { addKeyFiles, type StartCost, startCost } from './measure/starts.ts';

/** How a start is wanted to compare, and the environment of its processes. */
interface StartWish {
  readonly node: string;
  readonly wanted: number;
  readonly cold?: boolean;
}

async function compareStartsOf(bench: Comparison, { node, wanted, cold = false }: StartWish): Promise<void> {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  process.env.BENCH_NODE = node;
  if (cold) process.env.NODE_DISABLE_COMPILE_CACHE = '1';
  for (const files of [0, 20_000]) {
    for (const end of ['SIGTERM', 'SIGKILL'] as const) {
      if (files > 0 && (bench.isQuick || cold || end === 'SIGKILL')) continue;
      const after = end === 'SIGTERM' ? 'after a clean stop' : 'after a kill';
      const more = `${files === 0 ? '' : `, ${files} more key files`}${cold ? ', without compile cache' : ''}`;
      const what = `start ${after}, Node ${version.split('.')[0]?.slice(1)}${more}`;
      await compareStart(bench, what, files, end, cold ? undefined : wanted);
    }
  }
  delete process.env.BENCH_NODE;
  delete process.env.NODE_DISABLE_COMPILE_CACHE;
}

/** Each bot is paired once; its first start and end are not measured. */
async function compareStart(
  bench: Comparison,
  what: string,
  files: number,
  end: 'SIGTERM' | 'SIGKILL',
  wanted: number | undefined,
): Promise<void> {
  const starts = new Map<Kind, () => Promise<StartCost>>();
  const cleanUps: Array<() => Promise<void>> = [];
  try {
    for (const kind of bench.kinds) {
      const simulator = new SimulatedWhatsApp();
      await simulator.start();
      const folder = mkdtempSync(join(tmpdir(), 'bench-'));
      const bot = new BotProcess(kind, folder, simulator);
      cleanUps.push(async () => {
        await bot.end('SIGKILL');
        await simulator.stop();
        rmSync(folder, { recursive: true, force: true });
      });
      bot.start();
      await bot.pair(simulator);
      const person = simulator.addPerson();
      await ask(person);
      await bot.end();
      addKeyFiles(folder, files);
      await startCost(bot, simulator, person, end);
      starts.set(kind, () => startCost(bot, simulator, person, end));
    }
    const measure = async (kind: Kind) => {
      const start = starts.get(kind);
      if (!start) throw new Error(`there is no ${kind}`);
      return start();
    };
    const columns: ReadonlyArray<Column<StartCost>> = [
      {
        what: `${what}: to login`,
        unit: 'ms',
        ...(wanted === undefined ? {} : { wanted }),
        of: ({ loginMs }) => loginMs,
      },
      { what: `${what}: CPU`, unit: 'ms', wanted: 0.9, of: ({ cpuMs }) => cpuMs },
      { what: `${what}: resident and idle`, unit: 'MiB', wanted: 1, of: ({ idleMiB }) => idleMiB },
    ];
    await bench.compare(bench.isQuick ? 5 : 9, bench.kinds, measure, columns);
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

/** Starts after a clean stop and after a kill, with each Node.js, whose program is named by its path. */
export async function compareStarts(bench: Comparison, nodes: readonly string[]): Promise<void> {
  const isNew = (node: string) =>
    Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })) >= 22;
  for (const node of nodes) {
    await compareStartsOf(bench, { node, wanted: isNew(node) ? 0.65 : 0.85 });
    if (isNew(node)) await compareStartsOf(bench, { node, wanted: 0.65, cold: true });
  }
}
