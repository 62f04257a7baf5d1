import type { Kind } from './bots.ts';
import type { Comparison } from './comparison.ts';
import { commandCost, memoryAfter, type Pattern } from './measure/commands.ts';
import { preKeysCost } from './measure/pre-keys.ts';

/** The memory is measured after this number of messages from this number of people. */
const MESSAGES = 10_000;
const PEOPLE = 1_000;
/** How long a command in a group takes is up to the twenty simulated phones, which read each answer. */
const PATTERNS: ReadonlyArray<
  readonly [what: string, Pattern, addressing: 'pn' | 'lid', cpu: number, wall?: number]
> = [
  ['burst, LID chats', 'burst', 'lid', 0.5, 0.45],
  ['burst, PN chats', 'burst', 'pn', 0.5, 0.45],
  ['ping-pong, LID chats', 'ping-pong', 'lid', 0.6],
  ['ping-pong, PN chats', 'ping-pong', 'pn', 0.6],
  ['burst in a group of 20', 'group', 'lid', 0.5],
];

/** Commands by pattern and addressing. */
export async function compareCommands(bench: Comparison): Promise<void> {
  for (const [what, pattern, addressing, cpu, wall] of PATTERNS) {
    const measure = (kind: Kind) => commandCost(kind, pattern, addressing, 1_000);
    await bench.compare(bench.isQuick ? 1 : 3, bench.kinds, measure, [
      { what: `a command, ${what}: CPU`, unit: 'ms', wanted: cpu, of: ({ warm }) => warm.cpuMs },
      {
        what: `a command, ${what}: wall`,
        unit: 'ms',
        ...(wall === undefined ? {} : { wanted: wall }),
        of: ({ warm }) => warm.wallMs,
      },
      { what: `a command, ${what}: disk`, unit: 'KiB', of: ({ warm }) => warm.diskBytes / 1024 },
      { what: `a command, ${what}, right after the start: CPU`, unit: 'ms', of: ({ cold }) => cold.cpuMs },
    ]);
  }
}

/**
 * Memory after many messages. The reading depends by a tenth on when the garbage collector last ran. So the bots are
 * measured in turns.
 */
export async function compareMemory(bench: Comparison): Promise<void> {
  await bench.compare(bench.isQuick ? 1 : 3, bench.kinds, (kind) => memoryAfter(kind, MESSAGES, PEOPLE), [
    {
      what: `resident after ${MESSAGES} messages from ${PEOPLE} people`,
      unit: 'MiB',
      wanted: 1,
      of: (mib) => mib,
    },
  ]);
}

/** The pre-keys of a first login. The rival is not measured, because its store cannot be called by itself. */
export async function comparePreKeys(bench: Comparison): Promise<void> {
  await bench.compare(7, ['recipe', 'perennial'] as const, preKeysCost, [
    { what: '812 pre-keys saved', unit: 'ms', wanted: 0.05, of: ({ savedMs }) => savedMs },
    {
      what: '812 pre-keys saved, without a sync of the disk',
      unit: 'ms',
      of: ({ unsyncedMs }) => unsyncedMs,
    },
  ]);
}
