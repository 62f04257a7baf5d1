/**
 * npm run test:long: every fault at every file operation, power cuts, a thousand reconnects and a thousand commands.
 * Some 15 minutes.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const files = [
  'tests/integration/session',
  'tests/unit/session',
  'tests/integration/endurance.test.ts',
  'tests/integration/messages.test.ts',
];
const args = [vitest, 'run', ...files, '--testTimeout=3600000', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, {
  stdio: 'inherit',
  env: { ...process.env, LONG: '1' },
});
process.exitCode = status ?? 1;
