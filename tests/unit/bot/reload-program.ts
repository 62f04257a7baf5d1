/** Loads and watches the folder that it is given, for reload.test.ts: prints a line per log line, and what `!x` says. */

import { CommandRegistry } from '../../../src/bot/loading/command-registry.ts';
import { commandTarget, loadFolder } from '../../../src/bot/loading/load-commands.ts';
import { watchCommands } from '../../../src/bot/loading/reload-commands.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Log } from '../../../src/core/log.ts';

const [, , folder = ''] = process.argv;
const registry = new CommandRegistry();

const print = (facts: object, line: string) => {
  const summary = registry.find('x')?.command.summary;
  process.stdout.write(`${JSON.stringify({ ...facts, line, summary })}\n`);
};
const log: Log = { debug: print, info: print, warn: print, error: print, child: () => log };

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await loadFolder(folder, commandTarget(registry), log);
const watching = watchCommands(
  { folder, target: commandTarget(registry), clock: systemClock, log },
  stop.signal,
);
log.info({}, 'watching');
await watching;
log.info({}, 'stopped');
