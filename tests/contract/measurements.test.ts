import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withMeasurements } from '../../tools/measurements.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

test('README has the figures of bench/RESULTS.md', () => {
  const readme = read('README.md');
  expect(withMeasurements(readme, read('bench/RESULTS.md')), 'run npm run docs').toBe(readme);
  expect(readme.match(/\| \*\*\d/g)?.length).toBeGreaterThan(5);
});
