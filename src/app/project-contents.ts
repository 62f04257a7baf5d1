import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { problemOf } from '../bot/loading/load-problem.ts';
import type { Phrases } from '../bot/phrases.ts';
import { AppError } from '../core/errors.ts';
import type { BotContents } from './bot-contents.ts';
import { runTypeScript } from './run-typescript.ts';

/** What a project gives to its bot. */
export interface ProjectContents extends BotContents {
  /** Folders, as those of listeners. */
  readonly commands: readonly string[];
  readonly listeners: readonly string[];
  readonly middleware: readonly string[];
  readonly phrases: Partial<Phrases> | undefined;
}

/** What the folders of some projects give to one bot, in this order. Throws `BAD_ARGUMENTS` as `projectContents` does. */
export async function contentsOf(projects: readonly string[]): Promise<ProjectContents> {
  const all: ProjectContents[] = [];
  for (const project of projects) all.push(await projectContents(project));
  return {
    commands: all.flatMap(({ commands }) => commands),
    listeners: all.flatMap(({ listeners }) => listeners),
    middleware: all.flatMap(({ middleware }) => middleware),
    phrases: Object.assign({}, ...all.map(({ phrases }) => phrases)),
  };
}

/**
 * What the folder of a project gives to its bot: the commands in `commands/`, the listeners in `listeners/`, the
 * middleware in `middleware/`, and the default export of `phrases.js`, `.mjs` or `.ts`. Throws `BAD_ARGUMENTS` if there
 * is no such folder, or if it has TypeScript and nothing that runs TypeScript.
 */
async function projectContents(project: string): Promise<ProjectContents> {
  const folder = resolve(project);
  if (!existsSync(folder))
    throw new AppError('BAD_ARGUMENTS', `There is no folder ${folder}. Name the folder of the project.`);
  const commands = foldersIn(folder, 'commands');
  const listeners = foldersIn(folder, 'listeners');
  const middleware = foldersIn(folder, 'middleware');
  const phrases = ['phrases.js', 'phrases.mjs', 'phrases.ts'].find((name) => existsSync(join(folder, name)));
  const files = [
    phrases ?? '',
    ...[...commands, ...listeners, ...middleware].flatMap((path) => readdirSync(path)),
  ];
  if (files.some((name) => /(?<!\.d)\.[mc]?ts$/.test(name))) await runTypeScript(folder, 'The files');
  return {
    commands,
    listeners,
    middleware,
    phrases: phrases === undefined ? undefined : await phrasesIn(join(folder, phrases)),
  };
}

/** The folder of this name, if there is one. */
const foldersIn = (folder: string, name: string): string[] => [join(folder, name)].filter(existsSync);

async function phrasesIn(path: string): Promise<Partial<Phrases>> {
  const { default: phrases } = await importPhrases(path);
  if (typeof phrases === 'object' && phrases !== null) return phrases;
  throw new AppError('BAD_ARGUMENTS', `${path} must export an object of phrases as its default.`);
}

async function importPhrases(path: string): Promise<{ default?: Partial<Phrases> }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const sentence = `The phrases in ${path} cannot be loaded: ${await problemOf(error, path)}.`;
    throw new AppError('BAD_ARGUMENTS', sentence, { cause: error });
  }
}
