/** npm run docs: writes the parts of the documents that are made from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withLimits } from './limits-table.ts';
import { withReference } from './reference.ts';
import { settingsExample, withSettings } from './settings-table.ts';

rewrite('docs/commands.md', withReference);
rewrite('docs/operating.md', withLimits);
rewrite('README.md', withSettings);
rewrite('.env.example', settingsExample);

function rewrite(name: string, change: (markdown: string) => string): void {
  const file = new URL(`../${name}`, import.meta.url);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
