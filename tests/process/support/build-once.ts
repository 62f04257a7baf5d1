import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The `dist` folder that `build-once.ts` made for all test files of the run. */
    readonly builtOnce: string;
  }
}

/** Builds the program once for a run of the process tests; vitest removes the build when the run is over. */
export default function buildOnce(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-build-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const tool = fileURLToPath(new URL('../../../tools/build.mjs', import.meta.url));
  try {
    execFileSync(process.execPath, [tool, '--out', join(folder, 'dist')]);
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('builtOnce', join(folder, 'dist'));
  return remove;
}
