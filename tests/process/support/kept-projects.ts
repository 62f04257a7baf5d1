import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../fixtures/projects/', import.meta.url));

/** The versions whose projects are kept. `tools/keep-project.ts` adds one at each release. */
export const KEPT_VERSIONS = readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ''));

/** Writes the project that `init` of an earlier version made. */
export function writeKeptProject(version: string, language: 'js' | 'ts', folder: string): void {
  const kept = JSON.parse(readFileSync(join(FOLDER, `${version}.json`), 'utf8')) as Record<
    'js' | 'ts',
    Record<string, string>
  >;
  for (const [path, text] of Object.entries(kept[language])) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
