import { expect, test } from 'vitest';
import { PERENNIAL_USAGE, wrongWord } from '../../../src/cli/perennial-words.ts';

test.each<[word: string | undefined, sentence: string]>([
  ['strat', 'There is no command strat. Did you mean start?'],
  ['version', 'There is no command version. Did you mean --version?'],
  ['-v', 'There is no option -v. Did you mean --version?'],
  ['help', 'There is no command help. Did you mean --help?'],
  ['Devv', 'There is no command Devv. Did you mean dev?'],
  ['--verson', 'There is no option --verson. Did you mean --version?'],
  [undefined, 'A command is missing.'],
])('perennial %s is answered with one sentence and the usage', (word, sentence) => {
  expect(wrongWord(word)).toMatchObject({
    code: 'BAD_ARGUMENTS',
    exitCode: 78,
    message: `${sentence}\n\n${PERENNIAL_USAGE.trimEnd()}`,
  });
});
