import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that `makeFolder` makes its folders in. */
    readonly scratchFolder: string;
  }
}

/**
 * Makes one folder for all folders of the tests of a run and removes it afterwards: vitest ends its workers by a
 * signal, so what a worker would remove at its exit would stay. The folder is in memory if the system has a place for
 * that, because a first login writes 812 keys.
 */
export default function makeScratchFolder(project: TestProject): () => void {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'perennial-'));
  // Tests run the program as other users, too.
  chmodSync(folder, 0o755);
  project.provide('scratchFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
