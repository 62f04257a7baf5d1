import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from './errors.ts';

/** What decides how a person calls the commands that look after the session. */
export interface Surroundings {
  /** Whether npm runs this process. */
  readonly isUnderNpm: boolean;
  /** The script `session` of the package.json in the present folder; undefined if there is none. */
  readonly script: string | undefined;
  /** The present folder, and the file `cli/session` of this program. */
  readonly folder: string;
  readonly file: string;
}

/**
 * The start of a command that exists where this program runs, to be followed by `doctor` and the like:
 * `npm run session --` if npm runs the program and the project has that script of ours, else `node` with the file of
 * this package. A container often has no npm, and the image of this repository lacks the files that the script
 * needs.
 */
export function chooseSessionCommand({ isUnderNpm, script, folder, file }: Surroundings): string {
  const isOurs = /\bperennial session\b|\bsrc\/cli\/session\.ts\b/.test(script ?? '');
  if (file.endsWith('.ts') || (isUnderNpm && isOurs)) return 'npm run session --';
  const path = relative(folder, file);
  const shown = path.startsWith('..') || isAbsolute(path) ? file : path;
  return `node ${shellWord(shown.replaceAll('\\', '/'))}`;
}

/** `chooseSessionCommand` for this process. Loads no settings, because the entry `auth-state` uses it, too. */
export function sessionCommand(): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return chooseSessionCommand({
    isUnderNpm: (process.env.npm_lifecycle_event ?? '') !== '',
    script: sessionScript(),
    folder: process.cwd(),
    file: fileURLToPath(new URL(`../cli/session.${ending}`, import.meta.url)),
  });
}

function sessionScript(): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts?: { session?: unknown };
    };
    return typeof scripts?.session === 'string' ? scripts.session : undefined;
  } catch {
    // No package.json here, or none that can be read: then there is no script to name.
    return undefined;
  }
}
