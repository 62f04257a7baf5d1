/** npm run docs: writes the parts of the documents that are made from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withLimits } from './limits-table.ts';
import { withColumns, withMeasurements } from './measurements.ts';
import { withReference } from './reference.ts';
import { settingsExample, withSettings } from './settings-table.ts';

rewrite('docs/commands.md', withReference);
rewrite('docs/operating.md', withLimits);
rewrite('README.md', withSettings);
rewrite('README.md', (markdown) => withMeasurements(markdown, read('bench/RESULTS.md')));
rewrite('README.md', (markdown) => withColumns(markdown, read('bench/AUTH-STATE.md')));
rewrite('.env.example', settingsExample);

function rewrite(name: string, change: (markdown: string) => string): void {
  writeFileSync(fileOf(name), change(read(name)));
}

function read(name: string): string {
  return readFileSync(fileOf(name), 'utf8');
}

function fileOf(name: string): URL {
  return new URL(`../${name}`, import.meta.url);
}
