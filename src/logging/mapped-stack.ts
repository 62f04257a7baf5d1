import { readFileSync, statSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Maps of bundles with libraries are larger. Reading one takes a fifth of a second and a hundred megabytes. */
const MAX_MAP_BYTES = 512 * 1024;
const PLACE = /(file:\/\/\/?[^\s()]+?|[A-Za-z]:[\\/][^\s()]+?|\/[^\s()]+?)(?:\?[^\s():]*)?:(\d+):(\d+)/g;

/**
 * The stack with places in the sources, if the built files have source maps beside them. Node's own
 * `--enable-source-maps` reads the maps of all modules; this reads only those of the frames, when an error is shown.
 */
export function mapStack(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(PLACE, (place, where: string, line: string, column: string) => {
    const file = fileOf(where);
    if (file === undefined || /[\\/]node_modules[\\/]/.test(file)) return place;
    if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
    const found = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !('originalSource' in found) || !found.originalSource) return place;
    const source = resolve(dirname(file), found.originalSource);
    return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

function fileOf(where: string): string | undefined {
  if (!where.startsWith('file:')) return where;
  try {
    return fileURLToPath(where);
  } catch {
    return undefined;
  }
}

/** Undefined if there is no map that can be read: the place in the built file is shown then. */
function readMap(path: string): SourceMap | undefined {
  try {
    const size = statSync(path).size;
    return size > MAX_MAP_BYTES ? undefined : new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
