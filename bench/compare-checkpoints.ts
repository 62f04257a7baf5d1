import type { Comparison } from './comparison.ts';
import { type CheckpointCost, checkpointCost } from './measure/checkpoint.ts';

const MIB = 1024 ** 2;

/** A checkpoint costs what changed, whatever the size of the tables. Only this project has such tables. */
export async function compareCheckpoints(bench: Comparison): Promise<void> {
  const costs: Record<'small' | 'large', CheckpointCost[]> = { small: [], large: [] };
  for (let turn = 0; turn < (bench.isQuick ? 3 : 9); turn += 1) {
    costs.small.push(await checkpointCost(MIB));
    costs.large.push(await checkpointCost(60 * MIB));
    process.stderr.write('.');
  }
  const add = (unit: string, what: string, wanted: number, of: (cost: CheckpointCost) => number): void =>
    void bench.growth.push({ what, unit, wanted, small: costs.small.map(of), large: costs.large.map(of) });
  const what = 'a checkpoint after 100 messages, 60 MB of messages sent against 1 MB';
  // The index of the tables names some hundred pages more.
  add('KiB', `${what}: written`, 1.15, ({ writtenBytes }) => writtenBytes / 1024);
  add('ms', `${what}: CPU`, 1.5, ({ cpuMs }) => cpuMs);
}
