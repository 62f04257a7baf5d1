import { join } from 'node:path';
import { LEAST_NODE, nodeProblem } from '../config/node-version.ts';
import { messageOf } from '../core/errors.ts';
import { ifNewer } from '../core/newer-version.ts';
import { unreadableKeys } from '../session/maintenance/count-files.ts';
import {
  filesIn,
  inspectSession,
  realFolder,
  statIfThere,
} from '../session/maintenance/read-only-session.ts';
import { sessionStatus } from '../session/maintenance/session-status.ts';
import type { Check } from './doctor-check.ts';
import { checkCredentials, checkDamage, checkFolder, checkLock, checkSpace } from './doctor-folder.ts';
import { checkClock, checkNetwork } from './doctor-network.ts';

export interface DoctorOptions {
  readonly path: string;
  readonly url: string;
  readonly proxyUrl?: string | undefined;
  /** What WA_VERSION says, if anything. */
  readonly waVersion?: readonly number[] | undefined;
  /** The version that the library has. */
  readonly builtInVersion: readonly number[];
  /** The version WhatsApp wants at the moment; undefined if there is no answer in time. */
  readonly lookUpVersion?: (() => Promise<readonly number[] | undefined>) | undefined;
  /** For each step on the network; 5 s by default. */
  readonly withinMs?: number;
  readonly onCheck?: (check: Check) => void;
}

/** Checks everything that a bot needs, and changes nothing. Works offline, and while the bot runs. */
export async function examine(options: DoctorOptions): Promise<Check[]> {
  const checks: Check[] = [];
  const add = (check: Check): void => {
    checks.push(check);
    options.onCheck?.(check);
  };
  const attempt = (name: string, run: () => Check): void => {
    try {
      add(run());
    } catch (error) {
      add({ name, state: 'problem', text: messageOf(error) });
    }
  };
  const folder = checkFolder(options.path);
  add(folder);
  attempt('Free space', () => checkSpace(options.path));
  try {
    const status = await sessionStatus(options.path);
    for (const check of [checkLock, checkCredentials]) add(check(status));
    add(checkDamage(status, status.exists ? unreadableKeys(realFolder(options.path)) : []));
  } catch (error) {
    // The problem with the folder was reported above.
    if (folder.state !== 'problem') add({ name: 'Credentials', state: 'problem', text: messageOf(error) });
  }
  const { url, proxyUrl, withinMs = 5_000 } = options;
  const { checks: network, serverTimeMs } = await checkNetwork({ url, proxyUrl, withinMs });
  for (const check of network) add(check);
  attempt('Clock', () => checkClock(Date.now(), serverTimeMs, newestFile(options.path)));
  add(await checkVersion(options));
  return checks;
}

export function checkNode(version: string): Check {
  const check = { name: 'Node.js', text: version } as const;
  return nodeProblem(version) === undefined
    ? { ...check, state: 'ok' }
    : { ...check, state: 'problem', mend: `install ${LEAST_NODE.join('.')} or newer` };
}

/** The time of the newest file: 0 if there is none, undefined if the folder cannot be listed. */
function newestFile(path: string): number | undefined {
  const folder = realFolder(path);
  let names: string[];
  try {
    names = filesIn(folder);
  } catch {
    return undefined;
  }
  const times = names.map((name) => statIfThere(join(folder, name))?.mtimeMs ?? 0);
  return times.reduce((newest, time) => Math.max(newest, time), 0);
}

async function checkVersion({
  path,
  waVersion,
  builtInVersion,
  lookUpVersion,
}: DoctorOptions): Promise<Check> {
  const own = waVersion ?? rememberedVersion(path, builtInVersion) ?? builtInVersion;
  const where = waVersion ? 'WA_VERSION' : own === builtInVersion ? 'built in' : 'remembered';
  const current = await lookUpVersion?.().catch(() => undefined);
  const text = `${own.join('.')} (${where})`;
  return {
    name: 'Client version',
    state: 'ok',
    text: current ? `${text}; WhatsApp Web is at ${current.join('.')}` : text,
  };
}

/** The version that the bot looked up when WhatsApp refused the built-in one, unless the library has caught up. */
function rememberedVersion(path: string, builtInVersion: readonly number[]): readonly number[] | undefined {
  try {
    const version = inspectSession(realFolder(path)).contents.rows('client').get('wa-version');
    return Array.isArray(version) ? ifNewer(version.map(Number), builtInVersion) : undefined;
  } catch {
    return undefined;
  }
}
