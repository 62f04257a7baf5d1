/**
 * npm run build [-- --out FOLDER] [--package] [--no-types]: checks the types, and writes the program as JavaScript to
 * `dist`. `--no-types` leaves the check out.
 *
 * `tsc` writes every file of `src` for itself. Over that, esbuild writes the program that `npm start` runs, with its
 * packages inside, because loading three hundred files takes most of a start: `main.js`, `commands/*.js` and
 * `chunks/*.js`, which share their modules. Outside stay: libsignal, because its licence is not ours; sharp, which is
 * native; and packages that Baileys loads only if they are installed.
 *
 * `--package` is for `npm pack`: every file for itself, with declarations, the simulator and the demo. There is no
 * bundle, because a project has Baileys beside this package, and there must be one copy of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBundle } from './bundle.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist') },
    package: { type: 'boolean' },
    'no-types': { type: 'boolean' },
  },
});
const out = resolve(values.out);

rmSync(out, { recursive: true, force: true });
const [exitCode, bundle] = await Promise.all([
  compile(),
  values.package ? [] : makeBundle(out).catch(bundleFailed),
]);
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
  const project = values.package ? 'tsconfig.package.json' : 'tsconfig.build.json';
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = ['-p', project, '--outDir', out, ...(values['no-types'] ? ['--noCheck'] : [])];
  const child = spawn(process.execPath, [tsc, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
