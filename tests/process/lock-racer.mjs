/**
 * `lock-racer.mjs FOLDER LOCK`: waits for a line on stdin, tries to own the folder with the built module at the URL
 * LOCK, says how that went, and holds it until stdin ends. Times are those of the machine, so that a test can compare
 * them between processes.
 */
const [folder, lock] = process.argv.slice(2);
const { lockSession } = await import(lock);
const say = (message) => void process.stdout.write(`${JSON.stringify(message)}\n`);
const now = () => String(process.hrtime.bigint());

say({ kind: 'ready' });
await new Promise((resolve) => process.stdin.once('data', resolve));
const startedAt = performance.now();
try {
  const owned = await lockSession(folder);
  say({ kind: 'owner', at: now() });
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  say({ kind: 'releasing', at: now() });
  await owned.release();
} catch (error) {
  const tookMs = performance.now() - startedAt;
  say({ kind: 'refused', tookMs, code: error.code, message: error.message });
}
