import { unknownWord } from '../config/read-options.ts';
import { AppError } from '../core/errors.ts';

export const PERENNIAL_USAGE = `Usage: perennial COMMAND

  start                starts the bot with the commands in commands/ and the listeners in listeners/
  dev                  the same, and a file is loaded again when it is saved
  demo                 the bot against a simulated WhatsApp: no phone, no account, no internet
  session COMMAND      status, doctor, backup, restore, explain
  init FOLDER [--js]   makes a project, in TypeScript or JavaScript

  --help, --version
`;

const COMMANDS = ['start', 'dev', 'demo', 'session', 'init'];
const OPTIONS = ['--help', '--version'];

/** Says of the first word of a command line that it is unknown, and which one was probably meant. */
export function wrongWord(word: string | undefined): AppError {
  const what = word?.startsWith('-') ? 'option' : 'command';
  const known = what === 'option' ? OPTIONS : [...COMMANDS, ...OPTIONS];
  const sentence = word === undefined ? 'A command is missing.' : unknownWord(what, word, known);
  return new AppError('BAD_ARGUMENTS', `${sentence}\n\n${PERENNIAL_USAGE.trimEnd()}`);
}
