import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withColumns, withMeasurements } from '../../tools/measurements.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

test('README has the figures of bench/RESULTS.md', () => {
  const readme = read('README.md');
  expect(withMeasurements(readme, read('bench/RESULTS.md')), 'run npm run docs').toBe(readme);
  expect(readme.match(/\| \*\*\d/g)?.length).toBeGreaterThan(5);
});

test('README has the three columns of bench/AUTH-STATE.md, and the command and the commit that made them', () => {
  const readme = read('README.md');
  const columns = read('bench/AUTH-STATE.md');
  expect(withColumns(readme, columns), 'run npm run docs').toBe(readme);
  for (const row of [
    'sessions lost',
    'answers never readable',
    'commands unanswered',
    'commands answered twice',
  ])
    expect(readme).toMatch(new RegExp(`^\\| ${row} \\| \\d+ \\| \\d+ \\| \\d+ \\|$`, 'm'));
  expect(readme).toMatch(/`npm run torture -- --target auth-state .*--seed \d+`, .*, commit [0-9a-f]{7,}:/);
});
