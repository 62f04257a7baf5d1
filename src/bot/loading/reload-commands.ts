import { watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { systemCode } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { fileLabel, isCommandFile, type LoadTarget, loadFile } from './load-commands.ts';

export interface ReloadOptions {
  readonly folder: string;
  /** Only the file of this name. Default every file with a command. */
  readonly only?: string | undefined;
  /** What the files are loaded into. */
  readonly target: LoadTarget;
  readonly clock: Clock;
  readonly log: Log;
}

/** Editors write a file in several steps. It is read when it has not changed for this long. */
const QUIET_MS = 100;

/**
 * For development: loads a command again when its file is saved; the connection stays open. If the file does not
 * compile, the earlier command stays, and the log names the line. Files that a command imports are not watched.
 * Resolves when the signal aborts and no load is running, or if the system cannot watch the folder, which is logged.
 * Never rejects.
 */
export async function watchCommands(options: ReloadOptions, signal: AbortSignal): Promise<void> {
  const { folder, only, target, clock, log } = options;
  const waiting = new Map<string, AbortController>();
  /** At most one load of a file runs at a time, so that the newest version is loaded last. */
  const loading = new Map<string, Promise<void>>();
  let version = Date.now();

  const changed = (name: string): void => {
    waiting.get(name)?.abort();
    const quiet = new AbortController();
    waiting.set(name, quiet);
    const earlier = loading.get(name);
    const work = clock.sleep(QUIET_MS, quiet.signal).then(
      async () => {
        waiting.delete(name);
        await earlier;
        version += 1;
        await reload(options, name, version);
      },
      () => earlier, // saved again, or stopped
    );
    loading.set(name, work);
  };

  const unwatched = (error: unknown): void =>
    log.warn(
      { code: systemCode(error) },
      `could not watch the ${target.what}s; changed files are not loaded again`,
    );
  try {
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && (only === undefined ? isCommandFile(name) : name === only)) changed(name);
    });
    watcher.on('error', unwatched);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    watcher.close();
  } catch (error) {
    // Some systems allow few watches, and the bot works without one.
    unwatched(error);
  }
  for (const quiet of waiting.values()) quiet.abort();
  await Promise.all(loading.values());
}

async function reload({ folder, target, log }: ReloadOptions, name: string, version: number): Promise<void> {
  const path = join(folder, name);
  const file = fileLabel(path);
  try {
    await access(path);
  } catch {
    target.delete(file);
    log.info({ file, change: 'removed' }, `a ${target.what} was removed`);
    return;
  }
  const problem = await loadFile(path, target, version);
  if (problem === undefined) log.info({ file, change: 'loaded' }, `a ${target.what} was loaded again`);
  else log.error({ ...problem, change: 'failed' }, `could not load a ${target.what}; the old one stays`);
}
