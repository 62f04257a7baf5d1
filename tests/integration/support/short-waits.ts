import { onTestFinished } from 'vitest';

/**
 * Holds waits of Baileys of just these lengths until the returned function is called or the test ends. From the call
 * on they end at once. Other timers, and timers of such a length that anything else sets, stay as they are.
 */
export function holdBaileysWaits(...lengthsMs: number[]): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const held = new Map<unknown, () => void>();
  let isHolding = true;

  const patched = (run: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) => {
    const isOfBaileys = (): boolean => new Error().stack?.includes('node_modules/@whiskeysockets/') === true;
    if (!lengthsMs.includes(delayMs ?? 0) || !isOfBaileys()) return setTimeout(run, delayMs, ...args);
    if (!isHolding) return setTimeout(run, 0, ...args);
    // It waits as long as a timer can. What is held must not keep the process.
    const timer = setTimeout(() => {}, 2 ** 31 - 1).unref();
    held.set(timer, () => run(...args));
    return timer;
  };
  globalThis.setTimeout = Object.assign(patched, setTimeout) as typeof setTimeout;
  globalThis.clearTimeout = (timer) => {
    held.delete(timer);
    clearTimeout(timer);
  };
  onTestFinished(() => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    for (const timer of held.keys()) clearTimeout(timer as NodeJS.Timeout);
  });

  return () => {
    isHolding = false;
    for (const [timer, run] of held) {
      globalThis.clearTimeout(timer as NodeJS.Timeout);
      setTimeout(run, 0);
    }
  };
}
