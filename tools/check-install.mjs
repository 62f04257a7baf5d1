/** Says what to run if a script needs packages that are not installed, before Node.js or a shell says something worse. */
import { existsSync } from 'node:fs';

const needed = ['@whiskeysockets/baileys', ...process.argv.slice(2)];
const missing = needed.filter(
  (name) => !existsSync(new URL(`../node_modules/${name}/package.json`, import.meta.url)),
);
if (missing.length > 0) {
  process.stderr.write(`Packages are missing: ${missing.join(', ')}. Run: npm ci --include=dev\n`);
  process.exitCode = 1;
}
