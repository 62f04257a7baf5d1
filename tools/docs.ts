/** npm run docs: writes the parts of the documents that are made from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withLimits } from './limits-table.ts';
import { withReference } from './reference.ts';

rewrite('commands.md', withReference);
rewrite('operating.md', withLimits);

function rewrite(name: string, change: (markdown: string) => string): void {
  const file = new URL(`../docs/${name}`, import.meta.url);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
