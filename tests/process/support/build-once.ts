import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

/** What `npm run build` makes, and what is published: it has the demo. */
export type Build = 'bundled' | 'packaged';

declare module 'vitest' {
  interface ProvidedContext {
    /** The `dist` folders that `build-once.ts` made for all test files of the run. */
    readonly builtOnce: Readonly<Record<Build, string>>;
  }
}

/**
 * Builds the program and the package once for a run of the process tests; vitest removes the build when the run is
 * over. The types are not checked, which is most of the work of a build: `npm run types` checks the same files.
 */
export default async function buildOnce(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-build-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const tool = fileURLToPath(new URL('../../../tools/build.mjs', import.meta.url));
  const builds = { bundled: join(folder, 'bundled'), packaged: join(folder, 'packaged') };
  const build = (...args: string[]) => promisify(execFile)(process.execPath, [tool, '--no-types', ...args]);
  try {
    await Promise.all([build('--out', builds.bundled), build('--package', '--out', builds.packaged)]);
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('builtOnce', builds);
  return remove;
}
