/** What `npm run demo -- …` was asked for. */
export interface DemoOptions {
  /** The story that ends with a promise kept; without it the bot is linked and the prompt is there at once. */
  readonly hasStory: boolean;
  readonly hasPrompt: boolean;
}

export type OptionsReading =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly text: string };

export const USAGE = `Usage: npm run demo -- [--watch | --no-prompt | --prompt]

Without options: a story of under twenty seconds, then a prompt to try things.
  --watch      no story: the prompt at once, to write commands and try them;
               a file in src/commands/ is loaded again when it is saved
  --no-prompt  the story only; exit code 0 if everything happened as promised
  --prompt     a prompt even where the input is no terminal: orders from a pipe
`;

/** Without a terminal to type on there is no prompt, unless it is asked for. */
export function readOptions(args: readonly string[], isInputTerminal: boolean): OptionsReading {
  const known = new Set(['--watch', '--no-prompt', '--prompt', '--help', '-h']);
  const stranger = args.find((arg) => !known.has(arg));
  if (stranger !== undefined) return { kind: 'problem', text: `There is no option ${stranger}.` };
  const has = (name: string): boolean => args.includes(name);
  if (has('--help') || has('-h')) return { kind: 'help' };
  if (has('--no-prompt') && (has('--prompt') || has('--watch'))) {
    const other = has('--prompt') ? '--prompt' : '--watch';
    return { kind: 'problem', text: `--no-prompt and ${other} contradict each other.` };
  }
  const hasPrompt = has('--prompt') || (!has('--no-prompt') && isInputTerminal);
  if (has('--watch') && !hasPrompt) {
    return { kind: 'problem', text: '--watch needs a terminal to type on, or --prompt.' };
  }
  return { kind: 'run', options: { hasStory: !has('--watch'), hasPrompt } };
}
