/** npm run docs: writes what is made from the types into docs/commands.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from './reference.ts';

const file = new URL('../docs/commands.md', import.meta.url);
writeFileSync(file, withReference(readFileSync(file, 'utf8')));
