/**
 * The first file of the built program (`dist/main.js`). It switches on the compile cache of Node.js before anything
 * large is loaded, and then runs `main.ts`. `npm run dev` runs `main.ts` itself.
 */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** Beside the packages: who can write there can change the program anyway. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/perennial/', import.meta.url));
/** The cache is written at this time, because a process that is killed writes nothing at its end. */
const WRITE_AFTER_MS = 10_000;

useCompileCache();
await import('./main.ts');

/**
 * Node.js 22.10 and later keeps compiled code in a folder, which saves a third of a start. Does nothing if the folder
 * is not private or cannot be written, or if NODE_COMPILE_CACHE has named another one.
 */
function useCompileCache(): void {
  const { enableCompileCache, flushCompileCache, getCompileCacheDir } = module as CompileCacheApi;
  if (!enableCompileCache || !flushCompileCache || getCompileCacheDir?.() !== undefined) return;
  // Node.js never returns from enableCompileCache if the folder cannot be made, so this makes it.
  if (!isPrivateFolder(CACHE)) return;
  enableCompileCache(CACHE);
  setTimeout(flushCompileCache, WRITE_AFTER_MS).unref();
}

/** Makes the folder if it is not there. */
function isPrivateFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    const { uid, mode } = statSync(folder);
    return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
  } catch {
    return false;
  }
}

/** These functions are missing in Node.js 20. */
interface CompileCacheApi {
  readonly enableCompileCache?: (folder: string) => unknown;
  readonly flushCompileCache?: () => void;
  readonly getCompileCacheDir?: () => string | undefined;
}
