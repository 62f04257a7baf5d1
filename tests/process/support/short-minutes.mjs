// For a test: waits of a minute and more are over at once, and the clock that only goes forward has gone on so far.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const SHORT_MS = 50;
const { setTimeout: wait } = timers;
const now = performance.now.bind(performance);
let aheadMs = 0;

performance.now = () => now() + aheadMs;
timers.setTimeout = async (ms, ...rest) => {
  if (ms < 60_000) return wait(ms, ...rest);
  const result = await wait(SHORT_MS, ...rest);
  aheadMs += ms - SHORT_MS;
  return result;
};
syncBuiltinESMExports();
