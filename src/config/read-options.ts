import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { nearestWord } from '../core/nearest-word.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** The options and words of a command line, or a sentence that says what is wrong and what was probably meant. */
export function readOptions<const O extends Options>(
  args: readonly string[],
  options: O,
): { readonly values: Values<O>; readonly words: readonly string[] } | { readonly problem: string } {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName } = token;
    if (!(name in options)) return { problem: unknownWord('option', rawName, Object.keys(options), '--') };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, words: positionals };
  } catch (error) {
    return { problem: `${messageOf(error).split('. ')[0]?.replace(/\.$/, '')}.` };
  }
}

/** `There is no option --relod. Did you mean --reload?` */
export function unknownWord(what: string, written: string, known: readonly string[], before = ''): string {
  const meant = known.find((word) => isFirstLetter(written, word)) ?? nearestWord(written, known);
  const hint = meant === undefined ? '' : ` Did you mean ${before}${meant}?`;
  return `There is no ${what} ${written}.${hint}`;
}

/** `-v` may be short for `--version`. */
function isFirstLetter(written: string, word: string): boolean {
  return /^-[a-z]$/i.test(written) && word.replace(/^-+/, '')[0] === written[1]?.toLowerCase();
}
