import { expect, test } from 'vitest';
import { chooseSessionCommand, type Surroundings } from '../../../src/core/session-command-text.ts';

const BUILT = '/app/dist/cli/session.js';
const PACKAGE = '/app/node_modules/perennial-whatsapp/dist/cli/session.js';
const OWN = 'node --import tsx src/cli/session.ts';
const here = { isUnderNpm: false, script: undefined, folder: '/app' };

test.each<[what: string, surroundings: Surroundings, command: string]>([
  [
    'npm run dev in the clone',
    { ...here, isUnderNpm: true, script: OWN, file: '/app/src/cli/session.ts' },
    'npm run session --',
  ],
  [
    'the sources, without npm',
    { ...here, script: OWN, file: '/app/src/cli/session.ts' },
    'npm run session --',
  ],
  ['npm start in the clone', { ...here, isUnderNpm: true, script: OWN, file: BUILT }, 'npm run session --'],
  ['the image of the clone', { ...here, script: OWN, file: BUILT }, 'node dist/cli/session.js'],
  [
    'npm start in a project',
    { ...here, isUnderNpm: true, script: 'perennial session', file: PACKAGE },
    'npm run session --',
  ],
  [
    'the image of a project',
    { ...here, script: 'perennial session', file: PACKAGE },
    'node node_modules/perennial-whatsapp/dist/cli/session.js',
  ],
  [
    'npm start of a bot that uses the library',
    { ...here, isUnderNpm: true, file: PACKAGE },
    'node node_modules/perennial-whatsapp/dist/cli/session.js',
  ],
  [
    'a script of the same name that does something else',
    { ...here, isUnderNpm: true, script: 'node login.js', file: PACKAGE },
    'node node_modules/perennial-whatsapp/dist/cli/session.js',
  ],
  [
    'a package outside of the folder, with a space',
    { ...here, folder: '/srv/my bot', file: '/opt/a b/dist/cli/session.js' },
    "node '/opt/a b/dist/cli/session.js'",
  ],
])('the session command for %s', (_, surroundings, command) => {
  expect(chooseSessionCommand(surroundings)).toBe(command);
});
