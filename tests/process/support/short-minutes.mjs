// For a test: waits of a minute and more are over at once.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const { setTimeout: wait } = timers;
timers.setTimeout = (ms, ...rest) => wait(ms >= 60_000 ? 50 : ms, ...rest);
syncBuiltinESMExports();
