import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log } from '../../core/log.ts';
import { isCommand } from '../command.ts';
import { isListener } from '../listener.ts';
import { isSchedule } from '../schedule.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { ListenerRegistry } from './listener-registry.ts';
import { problemOf } from './load-problem.ts';

const require = createRequire(import.meta.url);

/** A file that could not be loaded, and why. */
export interface LoadProblem {
  readonly file: string;
  readonly problem: string;
}

/** What the files of a folder are loaded into. */
export interface LoadTarget {
  /** What the log calls one of them. */
  readonly what: 'command' | 'listener' | 'middleware';
  /** Sets what a file exports. Throws if it is not valid, or its name is taken. */
  set(file: string, exported: unknown): void;
  delete(file: string): void;
}

export function commandTarget(registry: CommandRegistry): LoadTarget {
  return {
    what: 'command',
    set(file, exported) {
      if (!isCommand(exported)) throw new Error('its default export is not made by command()');
      registry.set(file, exported);
    },
    delete: (file) => registry.delete(file),
  };
}

/** Commands that come with the bot; those that `isLeftOut` names are not set. */
export function builtInTarget(registry: CommandRegistry, isLeftOut: (name: string) => boolean): LoadTarget {
  return {
    ...commandTarget(registry),
    set(file, exported) {
      if (!isCommand(exported)) throw new Error('its default export is not made by command()');
      if (!isLeftOut(exported.name)) registry.setBuiltIn(file, exported);
    },
  };
}

export function listenerTarget(registry: ListenerRegistry): LoadTarget {
  return {
    what: 'listener',
    set(file, exported) {
      if (isSchedule(exported)) registry.setSchedule(file, exported);
      else if (isListener(exported)) registry.set(file, exported);
      else throw new Error('its default export is not made by listener() or schedule()');
    },
    delete: (file) => registry.delete(file),
  };
}

/**
 * Loads every file of a folder, in the order of the names. A file that does not load, exports something else, or uses
 * the name of another one is logged and returned; the others work.
 */
export async function loadFolder(folder: string, target: LoadTarget, log: Log): Promise<LoadProblem[]> {
  const problems: LoadProblem[] = [];
  for (const name of (await readdir(folder)).filter(isCommandFile).sort()) {
    const problem = await loadFile(join(folder, name), target, 0);
    if (problem !== undefined) problems.push(problem);
  }
  for (const { file, problem } of problems) log.error({ file, problem }, `could not load a ${target.what}`);
  return problems;
}

/**
 * Loads one file and replaces what it had. If there is a problem, the earlier one stays. A `version` above 0 makes
 * Node.js read the file again; each version stays in memory, so this is for development.
 */
export async function loadFile(
  path: string,
  target: LoadTarget,
  version: number,
): Promise<LoadProblem | undefined> {
  const file = fileLabel(path);
  try {
    // Node.js keeps a CommonJS file by its path, whatever is behind the question mark.
    if (version > 0) delete require.cache[path];
    const module: unknown = await import(`${pathToFileURL(path).href}${version > 0 ? `?v=${version}` : ''}`);
    const exported = defaultOf(module);
    // What compilers write for `export default` in CommonJS.
    const isCompiled = typeof exported === 'object' && exported !== null && '__esModule' in exported;
    target.set(file, isCompiled ? defaultOf(exported) : exported);
    return undefined;
  } catch (error) {
    return { file, problem: await problemOf(error, path) };
  }
}

const defaultOf = (module: unknown): unknown =>
  typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;

/** How logs name a file: relative to the working directory, with `/` on every system. */
export function fileLabel(path: string): string {
  return relative(process.cwd(), path).replaceAll('\\', '/');
}

/** A file of TypeScript or JavaScript; no declarations, tests or hidden files. */
export function isCommandFile(name: string): boolean {
  return /^[^.].*\.[mc]?[tj]s$/.test(name) && !/\.(?:d|test|spec)\.[mc]?[tj]s$/.test(name);
}
