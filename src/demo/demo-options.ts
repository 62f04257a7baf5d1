import { readOptions as readArguments } from '../config/read-options.ts';

/** What `npm run demo -- …` was asked for. */
export interface DemoOptions {
  /** The story that ends with a promise kept; without it the bot is linked and the prompt is there at once. */
  readonly hasStory: boolean;
  readonly hasPrompt: boolean;
  /** The folder of a project whose commands the bot gets too. */
  readonly project: string | undefined;
}

export type OptionsReading =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly text: string };

/** If `perennial` runs the demo, this is its word `demo`; else it is the path of a file. */
const isOfProject = process.argv[1] === 'demo';

export const USAGE = `Usage: ${isOfProject ? 'perennial demo' : 'npm run demo --'} [--watch | --no-prompt | --prompt] [--project FOLDER]

Without options: a story of under twenty seconds, then a prompt to try things.
  --watch      no story: the prompt at once, to write commands and try them;
               a file in ${isOfProject ? '' : 'src/'}commands/ is loaded again when it is saved
  --no-prompt  the story only; exit code 0 if everything happened as promised
  --prompt     a prompt even if the input is no terminal: orders from a pipe
  --project    the folder of a project whose commands the bot gets too
`;

const OPTIONS = {
  watch: { type: 'boolean' },
  'no-prompt': { type: 'boolean' },
  prompt: { type: 'boolean' },
  project: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Without a terminal to type on there is no prompt, unless it is asked for. */
export function readOptions(args: readonly string[], isInputTerminal: boolean): OptionsReading {
  const reading = readArguments(args, OPTIONS);
  if ('problem' in reading) return { kind: 'problem', text: reading.problem };
  const { values, words } = reading;
  if (words[0] !== undefined) return { kind: 'problem', text: `"${words[0]}" is not expected here.` };
  const has = (name: string): boolean => name.slice(2) in values;
  if (has('--help')) return { kind: 'help' };
  if (has('--no-prompt') && (has('--prompt') || has('--watch'))) {
    const other = has('--prompt') ? '--prompt' : '--watch';
    return { kind: 'problem', text: `--no-prompt and ${other} contradict each other.` };
  }
  const hasPrompt = has('--prompt') || (!has('--no-prompt') && isInputTerminal);
  if (has('--watch') && !hasPrompt) {
    return { kind: 'problem', text: '--watch needs a terminal to type on, or --prompt.' };
  }
  return { kind: 'run', options: { hasStory: !has('--watch'), hasPrompt, project: values.project } };
}
