import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { Build } from './build-once.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The built program in a folder of its own, as `npm ci && npm run build` leaves it. */
export interface Program {
  readonly folder: string;
  remove(): void;
}

/** A copy of a build of this run: its test may change it. */
export function copyProgram(build: Build = 'bundled'): Program {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-program-'));
  // Other users run it as well.
  chmodSync(folder, 0o755);
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(inject('builtOnce')[build], join(folder, 'dist'), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Copies the sources to `folder`, with what `npm run dev` needs. */
export function copySources(folder: string): void {
  cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true });
  for (const name of ['package.json', 'tsconfig.json']) copyFileSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}
