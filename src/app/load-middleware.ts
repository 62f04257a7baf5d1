import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from '../bot/context.ts';
import { isCommandFile, loadFile } from '../bot/loading/load-commands.ts';
import { loadableMiddleware } from '../bot/loading/loadable-middleware.ts';
import { watchCommands } from '../bot/loading/reload-commands.ts';
import type { Middleware } from '../bot/middleware.ts';
import { systemClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Source } from './bot-contents.ts';
import { runTypeScript } from './run-typescript.ts';

/** The middleware of a bot, loaded. */
export interface LoadedMiddleware {
  /** None, or one step that runs all there are at the moment. */
  readonly steps: readonly Middleware<Context>[];
  /** Loads files again when they are saved, until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
}

/**
 * Loads the middleware of the sources, the first outermost. Throws `BAD_CONFIG` if a step is not there or cannot be
 * loaded: it may decide who may use the bot, so nothing runs without it.
 */
export async function loadMiddleware(
  sources: readonly Source<Middleware<Context>>[],
  log: Log,
): Promise<LoadedMiddleware> {
  const { step, targets } = loadableMiddleware(sources.length);
  const watches: Array<(signal: AbortSignal) => Promise<void>> = [];
  for (const [index, target] of targets.entries()) {
    const source = sources[index];
    if (source === undefined) continue;
    if (typeof source === 'function') {
      target.set(`middleware-${index + 1}`, source);
      continue;
    }
    const path = resolve(typeof source === 'string' ? source : fileURLToPath(source));
    if (!existsSync(path)) throw unusable(`There is no middleware ${path}.`);
    const isFolder = statSync(path).isDirectory();
    const folder = isFolder ? path : dirname(path);
    const names = isFolder ? readdirSync(path).filter(isCommandFile) : [basename(path)];
    if (names.some((name) => /\.m?ts$/.test(name))) await runTypeScript(folder, 'The middleware');
    for (const name of names) {
      const found = await loadFile(resolve(folder, name), target, 0);
      if (found !== undefined)
        throw unusable(`The middleware ${found.file} cannot be loaded: ${found.problem}.`);
    }
    const only = isFolder ? undefined : basename(path);
    watches.push((signal) => watchCommands({ folder, only, target, clock: systemClock, log }, signal));
  }
  return {
    steps: sources.length === 0 ? [] : [step],
    watch: async (signal) => void (await Promise.all(watches.map((watch) => watch(signal)))),
  };
}

function unusable(sentence: string): AppError {
  return new AppError(
    'BAD_CONFIG',
    `${sentence} Correct the file or the place that names it, and start again.`,
  );
}
