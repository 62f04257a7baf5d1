import { lockSession } from '../../src/session/lock/folder-lock.ts';

/**
 * `lock-racer.ts FOLDER`: waits for a line on stdin, tries to own the folder, says how that went, and holds it until
 * stdin ends. Times are those of the machine, so that a test can compare them between processes.
 */
const [folder = ''] = process.argv.slice(2);
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const now = (): string => String(process.hrtime.bigint());

say({ kind: 'ready' });
await new Promise((resolve) => process.stdin.once('data', resolve));
const startedAt = performance.now();
try {
  const lock = await lockSession(folder);
  say({ kind: 'owner', at: now() });
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  say({ kind: 'releasing', at: now() });
  await lock.release();
} catch (error) {
  const tookMs = performance.now() - startedAt;
  say({
    kind: 'refused',
    tookMs,
    code: (error as { code?: string }).code,
    message: (error as Error).message,
  });
}
