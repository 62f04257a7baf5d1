import { expect, test } from 'vitest';
import { readProgramOptions } from '../../../src/config/program-options.ts';

test.each<[args: string[], expected: object]>([
  [[], { kind: 'run', project: undefined, reload: false }],
  [['--reload'], { kind: 'run', project: undefined, reload: true }],
  [['--project', 'my-bot'], { kind: 'run', project: 'my-bot', reload: false }],
  [
    ['--project', 'a', '--project', 'b', '--project', 'c'],
    { kind: 'run', project: 'a', moreProjects: ['b', 'c'], reload: false },
  ],
  [['--help'], { kind: 'help' }],
  [['-h'], { kind: 'help' }],
  [['--version'], { kind: 'version' }],
])('the arguments %j are read', (args, expected) => {
  expect(readProgramOptions(args)).toEqual(expected);
});

test.each<[args: string[], text: string]>([
  [['--relod'], 'There is no option --relod. Did you mean --reload?'],
  [['--foo'], 'There is no option --foo.'],
  [['-x'], 'There is no option -x.'],
  [['-r'], 'There is no option -r. Did you mean --reload?'],
  [['start'], '"start" is not expected here.'],
  [['--reload=yes'], "Option '--reload' does not take an argument."],
])('the arguments %j are refused with a sentence', (args, text) => {
  expect(readProgramOptions(args)).toEqual({ kind: 'problem', text });
});
