/**
 * npm run build [-- --out FOLDER]: checks the types, and writes the program as JavaScript to `dist`.
 *
 * `tsc` writes every file of `src` for itself. Over that, esbuild writes the program that `npm start` runs, with its
 * packages inside, because loading three hundred files takes most of a start: `main.js`, `commands/*.js` and
 * `chunks/*.js`, which share their modules. Outside stay: libsignal, because its licence is not ours; sharp, which is
 * native; and packages that Baileys loads only if they are installed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBundle } from './bundle.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'dist') } } });
const out = resolve(values.out);

rmSync(out, { recursive: true, force: true });
const [exitCode, bundle] = await Promise.all([compile(), makeBundle(out).catch(bundleFailed)]);
if (exitCode === 0 && bundle) {
  for (const { path, contents } of bundle) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}
process.exitCode = bundle ? exitCode : 1;

/** esbuild has printed its own errors, which are in `errors`. */
function bundleFailed(error) {
  if (!error.errors) process.stderr.write(`${error.stack}\n`);
  return undefined;
}

async function compile() {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
