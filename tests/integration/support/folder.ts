import { createHash } from 'node:crypto';
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/** A folder of its own for a test. */
export function makeFolder(): string {
  return mkdtempSync(join(inject('scratchFolder'), 'folder-'));
}

/**
 * Copies all but sockets, which end with their process. `cpSync` of Node.js looks at each file several times, and most
 * tests begin with a copy of a linked folder.
 */
export function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: statSync(from).mode });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else if (!entry.isSocket()) copyFileSync(source, target);
  }
}

/**
 * What is in a folder: the digest of each file, by name. Sockets have no bytes (they are the lock, and last as
 * long as their process), and an empty journal says the same whatever its number; all else counts.
 */
export function snapshot(folder: string): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (!stat.isFile() || (stat.size === 0 && name.startsWith('journal-'))) continue;
    digests[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return digests;
}
