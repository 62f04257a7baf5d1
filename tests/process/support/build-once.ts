import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** What `npm run build` makes, and what is published: it has the demo. */
export type Build = 'bundled' | 'packaged';

declare module 'vitest' {
  interface ProvidedContext {
    /** The `dist` folders that `build-once.ts` made for all test files of the run. */
    readonly builtOnce: Readonly<Record<Build, string>>;
  }
}

/** Builds the program and the package once for a run of the process tests; vitest removes the build when the run is over. */
export default function buildOnce(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-build-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const tool = fileURLToPath(new URL('../../../tools/build.mjs', import.meta.url));
  const builds = { bundled: join(folder, 'bundled'), packaged: join(folder, 'packaged') };
  try {
    execFileSync(process.execPath, [tool, '--out', builds.bundled]);
    execFileSync(process.execPath, [tool, '--package', '--out', builds.packaged]);
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('builtOnce', builds);
  return remove;
}
