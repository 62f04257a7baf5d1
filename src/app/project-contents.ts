import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Phrases } from '../bot/phrases.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { BotContents } from './bot-contents.ts';

/** What a project gives to its bot. */
export interface ProjectContents extends BotContents {
  /** Folders, as those of listeners. */
  readonly commands: readonly string[];
  readonly listeners: readonly string[];
  readonly phrases: Partial<Phrases> | undefined;
}

/** What the folders of some projects give to one bot, in this order. Throws as `projectContents` does. */
export async function contentsOf(projects: readonly string[]): Promise<ProjectContents> {
  const all: ProjectContents[] = [];
  for (const project of projects) all.push(await projectContents(project));
  return {
    commands: all.flatMap(({ commands }) => commands),
    listeners: all.flatMap(({ listeners }) => listeners),
    phrases: Object.assign({}, ...all.map(({ phrases }) => phrases)),
  };
}

/**
 * What the folder of a project gives to its bot: the commands in `commands/`, the listeners in `listeners/`, and the
 * default export of `phrases.js`, `.mjs` or `.ts`. Throws `BAD_ARGUMENTS` if there is no such folder, or if it has TypeScript and nothing that runs TypeScript.
 */
export async function projectContents(project: string): Promise<ProjectContents> {
  const folder = resolve(project);
  if (!existsSync(folder))
    throw new AppError('BAD_ARGUMENTS', `There is no folder ${folder}. Name the folder of the project.`);
  const [commands, listeners] = [foldersIn(folder, 'commands'), foldersIn(folder, 'listeners')];
  const phrases = ['phrases.js', 'phrases.mjs', 'phrases.ts'].find((name) => existsSync(join(folder, name)));
  const files = [phrases ?? '', ...[...commands, ...listeners].flatMap((path) => readdirSync(path))];
  if (files.some((name) => /(?<!\.d)\.m?ts$/.test(name))) await runTypeScript(folder);
  return {
    commands,
    listeners,
    phrases: phrases === undefined ? undefined : await phrasesIn(join(folder, phrases)),
  };
}

/** The folder of this name, if there is one. */
const foldersIn = (folder: string, name: string): string[] => [join(folder, name)].filter(existsSync);

async function phrasesIn(path: string): Promise<Partial<Phrases>> {
  const { default: phrases } = (await import(pathToFileURL(path).href)) as { default?: Partial<Phrases> };
  if (typeof phrases === 'object' && phrases !== null) return phrases;
  throw new AppError('BAD_ARGUMENTS', `${path} must export an object of phrases as its default.`);
}

/** The package `tsx` of the project runs its TypeScript. */
async function runTypeScript(folder: string): Promise<void> {
  try {
    // `resolve` names the CommonJS file, which cannot find the loader beside itself.
    const tsx = createRequire(join(folder, 'package.json'))
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs');
    const { register } = (await import(pathToFileURL(tsx).href)) as { register: () => unknown };
    register();
  } catch (error) {
    const sentence = `The commands of ${folder} are TypeScript, and the package tsx is not there (${messageOf(error)}).`;
    throw new AppError('BAD_ARGUMENTS', `${sentence} Run: npm install tsx`, { cause: error });
  }
}
