import { expect, test } from 'vitest';
import { configFrom } from '../../../src/config/config.ts';
import { type Settings, writtenSettings } from '../../../src/config/settings-in-code.ts';

test.each<[sentence: string, settings: Settings, written: Record<string, string>]>([
  ['a name of the environment is taken as it is', { SESSION_PATH: 'a' }, { SESSION_PATH: 'a' }],
  ['a name in camel case is the same setting', { sendsPerMinute: 5 }, { SENDS_PER_MINUTE: '5' }],
  ['a truth value becomes its word', { showOnline: true }, { SHOW_ONLINE: 'true' }],
  ['an array becomes a list with commas', { ownerNumbers: ['1', 2] }, { OWNER_NUMBERS: '1,2' }],
  ['a version in numbers gets dots', { waVersion: [2, 3000, 1] }, { WA_VERSION: '2.3000.1' }],
  ['undefined counts as unset', { httpPort: undefined }, {}],
])('settings in code: %s', (_, settings, written) => {
  expect(writtenSettings(settings)).toEqual({ written, problems: [] });
});

test.each<[sentence: string, settings: object, problem: string]>([
  [
    'a name in camel case is corrected in camel case',
    { ownerNumber: '1' },
    'ownerNumber is no setting; write ownerNumbers',
  ],
  [
    'a name in capitals is corrected in capitals',
    { LOGLEVEL: 'info' },
    'LOGLEVEL is no setting; write LOG_LEVEL',
  ],
  ['a name that is like no other is only named', { colour: 'red' }, 'colour is no setting'],
  [
    'both names of one setting are a problem',
    { logLevel: 'info', LOG_LEVEL: 'info' },
    'LOG_LEVEL is given twice',
  ],
])('settings in code: %s', (_, settings, problem) => {
  expect(writtenSettings(settings as Settings).problems).toEqual([problem]);
});

test('all problems of settings in code come in one error', () => {
  const make = () => configFrom({ settings: { sendsPerMinute: 'many', sesionPath: 'x' } as Settings });
  expect(make).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  expect(make).toThrow(/2 settings.*\n.*sesionPath .* sessionPath\n.*SENDS_PER_MINUTE .*"many"/);
});

test('settings in code win over the environment, which is not read unless it is given', () => {
  expect(configFrom({ settings: { commandPrefix: '?' }, env: { COMMAND_PREFIX: '.' } }).commandPrefix).toBe(
    '?',
  );
  process.env.COMMAND_PREFIX = '.';
  try {
    expect(configFrom({}).commandPrefix).toBe('!');
    expect(configFrom({ env: true }).commandPrefix).toBe('.');
  } finally {
    delete process.env.COMMAND_PREFIX;
  }
});
