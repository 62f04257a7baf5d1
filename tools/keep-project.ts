/** `node --import tsx tools/keep-project.ts`: keeps the projects that `init` of this version makes, for the test of later versions. */
import { writeFileSync } from 'node:fs';
import { projectFiles } from '../src/cli/project-files.ts';
import { programVersion } from '../src/config/program-options.ts';

const version = programVersion();
const made = (isJavaScript: boolean) => projectFiles({ name: 'my-bot', isJavaScript, version });
const file = new URL(`../tests/fixtures/projects/${version}.json`, import.meta.url);
writeFileSync(file, `${JSON.stringify({ js: made(true), ts: made(false) }, null, 2)}\n`);
