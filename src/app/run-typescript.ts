import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError, messageOf } from '../core/errors.ts';

/**
 * Lets Node.js load the TypeScript of a folder, by the package `tsx` of that project. `what` is the subject of the
 * error `BAD_ARGUMENTS`, which it throws if the package is not there.
 */
export async function runTypeScript(folder: string, what: string): Promise<void> {
  // The program itself runs from TypeScript.
  if (import.meta.url.endsWith('.ts')) return;
  try {
    // `resolve` names the CommonJS file, which cannot find the loader beside itself.
    const tsx = createRequire(join(folder, 'package.json'))
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs');
    const { register } = (await import(pathToFileURL(tsx).href)) as { register: () => unknown };
    register();
  } catch (error) {
    const sentence = `${what} of ${folder} are TypeScript, and the package tsx is not there (${messageOf(error)}).`;
    throw new AppError('BAD_ARGUMENTS', `${sentence} Run: npm install tsx`, { cause: error });
  }
}
