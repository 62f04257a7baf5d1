/**
 * `lock-racer.mjs LOCK`: for each line with the arguments of `lockSession` on stdin tries to own that folder with the
 * built module at the URL LOCK, says how that went, and holds it until an empty line or until stdin ends.
 */
import { createInterface } from 'node:readline';

const { lockSession } = await import(process.argv[2]);
const say = (message) => void process.stdout.write(`${JSON.stringify(message)}\n`);

let owned;
async function letGo() {
  if (!owned) return;
  say({ kind: 'releasing' });
  await owned.release();
  owned = undefined;
}

say({ kind: 'ready' });
for await (const line of createInterface(process.stdin)) {
  if (line === '') {
    await letGo();
    say({ kind: 'ready' });
    continue;
  }
  try {
    owned = await lockSession(...JSON.parse(line));
    say({ kind: 'owner' });
  } catch (error) {
    say({ kind: 'refused', code: error.code });
  }
}
await letGo();
