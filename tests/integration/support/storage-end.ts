import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach } from 'vitest';

const used = new Set<AsyncLocalStorage<unknown>>();
const { run } = AsyncLocalStorage.prototype;

/**
 * Registers a hook that switches off each `AsyncLocalStorage` that a test used. Baileys makes one for each connection,
 * and on Node.js 20 and 22 every promise of the process copies the value of each storage that is on. Without the hook
 * the tests of a worker get slower with each connection. A storage is on again when it is used again.
 */
export function endStoragesAfterEach(): void {
  AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: unknown[]) {
    used.add(this);
    return Reflect.apply(run, this, args);
  };
  afterEach(() => {
    for (const storage of used) storage.disable();
    used.clear();
  });
}
