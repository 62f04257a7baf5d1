import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Leaves what Baileys 6.7 keeps: no LIDs, and no lists of devices. Returns how many files it removed. */
export function leaveOldFiles(folder: string): number {
  const names = readdirSync(folder).filter((name) => /^(device-list|lid-mapping)-/.test(name));
  for (const name of names) rmSync(join(folder, name));
  return names.length;
}
