import { readFileSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import { readOptions } from './read-options.ts';

/** What the program was asked for on its command line. */
export type ProgramOptions =
  | {
      readonly kind: 'run';
      /** The folder of a project whose commands and listeners the bot gets too. */
      readonly project: string | undefined;
      /** Further folders of that kind, if `--project` is given more than once. */
      readonly moreProjects?: readonly string[];
      /** Whether a saved command is loaded again. */
      readonly reload: boolean;
    }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'problem'; readonly text: string };

/** If `perennial` runs the program, this is its first word (`start` or `dev`); else it is the path of a file. */
const { argv } = process;
const SELF = ['start', 'dev'].find((word) => word === argv[1]);

export const PROGRAM_USAGE = `Usage: ${SELF === undefined ? 'node dist/main.js' : `perennial ${SELF}`} [--project FOLDER] [--reload]

Starts the bot. Its settings come from the environment and from .env (README.md has the list).
  --project FOLDER  also loads what is in FOLDER/commands, FOLDER/listeners and
                    FOLDER/middleware; may be given several times
  --reload          loads a command again when its file is saved
  --help, --version
`;

const OPTIONS = {
  project: { type: 'string', multiple: true },
  reload: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export function readProgramOptions(args: readonly string[]): ProgramOptions {
  const reading = readOptions(args, OPTIONS);
  if ('problem' in reading) return { kind: 'problem', text: reading.problem };
  const { values, words } = reading;
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  if (words[0] !== undefined) return { kind: 'problem', text: `"${words[0]}" is not expected here.` };
  const [project, ...moreProjects] = values.project ?? [];
  const more = moreProjects.length > 0 ? { moreProjects } : {};
  return { kind: 'run', project, ...more, reload: values.reload === true };
}

/** The version of this package. */
export function programVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch (error) {
    return `unknown (${messageOf(error)})`;
  }
}
