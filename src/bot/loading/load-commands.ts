import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { isCommand } from '../command.ts';
import type { CommandRegistry } from './command-registry.ts';

/** A file from which no command could be loaded, and why. */
export interface LoadProblem {
  readonly file: string;
  readonly problem: string;
}

/**
 * Loads every command of a folder into the registry, in the order of the file names. A file that does not
 * load, has no command, or uses the name of another one is logged and returned; the others work.
 */
export async function loadCommands(
  folder: string,
  registry: CommandRegistry,
  log: Log,
): Promise<LoadProblem[]> {
  const problems: LoadProblem[] = [];
  for (const name of (await readdir(folder)).filter(isCommandFile).sort()) {
    const problem = await loadCommand(join(folder, name), registry, 0);
    if (problem !== undefined) problems.push(problem);
  }
  for (const { file, problem } of problems) log.error({ file, problem }, 'a command could not be loaded');
  return problems;
}

/**
 * Loads one file into the registry and replaces its earlier command. If there is a problem, the earlier command stays.
 * A `version` above 0 makes Node.js read the file again; each version stays in memory, so this is for development.
 */
export async function loadCommand(
  path: string,
  registry: CommandRegistry,
  version: number,
): Promise<LoadProblem | undefined> {
  const file = fileLabel(path);
  try {
    const module: unknown = await import(`${pathToFileURL(path).href}${version > 0 ? `?v=${version}` : ''}`);
    const command =
      typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (!isCommand(command)) return { file, problem: 'its default export is not made by command()' };
    registry.set(file, command);
    return undefined;
  } catch (error) {
    return { file, problem: problemOf(error) };
  }
}

/** How logs name a file: relative to the working directory, with `/` on every system. */
export function fileLabel(path: string): string {
  return relative(process.cwd(), path).replaceAll('\\', '/');
}

/** `.ts` when run from the sources, `.js` when built; no declarations, tests or hidden files. */
export function isCommandFile(name: string): boolean {
  return /^[^.].*\.(?:ts|js|mts|mjs)$/.test(name) && !/\.(?:d|test|spec)\.[mc]?[tj]s$/.test(name);
}

/** The message of an error, with the line of a syntax error: Node.js puts that on top of the stack. */
function problemOf(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof SyntaxError)) return message;
  const place = error.stack?.split('\n', 1)[0] ?? '';
  return place.startsWith('file:') ? `${place.replace(/\?v=\d+/, '')}: ${message}` : message;
}
