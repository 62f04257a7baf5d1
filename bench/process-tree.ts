import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all its descendants use. Linux only. */
export interface TreeUse {
  readonly residentBytes: number;
  /** User and system time of the processes that live, and of those that their parents have waited for. */
  readonly cpuMs: number;
  /** Bytes handed to `write` by each process: files, sockets and pipes. */
  readonly writtenBytes: ReadonlyMap<number, number>;
}

/** The fields of `/proc/PID/stat` after the name of the program. */
const PARENT = 1;
const OWN_TIMES = [11, 12];
const CHILD_TIMES = [13, 14];
const MS_PER_TICK = 10;

export function useOfTree(pid: number): TreeUse {
  const pids = treeOf(pid);
  let residentBytes = 0;
  let cpuMs = 0;
  const writtenBytes = new Map<number, number>();
  for (const each of pids) {
    const status = readProc(each, 'status');
    // Programs that are mapped from files are shared: they count once.
    for (const kind of each === pid ? ['RssAnon', 'RssShmem', 'RssFile'] : ['RssAnon', 'RssShmem'])
      residentBytes += 1024 * numberAfter(`${kind}:`, status);
    const times = each === pid ? [...OWN_TIMES, ...CHILD_TIMES] : OWN_TIMES;
    for (const field of times) cpuMs += MS_PER_TICK * Number(statOf(each)[field] ?? 0);
    writtenBytes.set(each, numberAfter('wchar:', readProc(each, 'io')));
  }
  return { residentBytes, cpuMs, writtenBytes };
}

/** The process and its descendants, parents first. */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(statOf(Number(name))[PARENT]));
  }
  const tree = [pid];
  for (const parent of tree)
    tree.push(...[...parents].filter(([, of]) => of === parent).map(([child]) => child));
  return tree;
}

function statOf(pid: number): string[] {
  return readProc(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
}

/** Empty if the process has ended. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function numberAfter(name: string, text: string): number {
  const line = text.split('\n').find((each) => each.startsWith(name));
  return Number(/\d+/.exec(line ?? '')?.[0] ?? 0);
}

/** Bytes that the process and its descendants that live have caused to be written to a disk. */
export function diskBytesOf(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + numberAfter('write_bytes:', readProc(each, 'io')), 0);
}
