import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { App, AppRequests } from './app/app.ts';
import { type Config, configFromProcess } from './config/config.ts';
import { nodeProblem } from './config/node-version.ts';
import { assertNever, EXIT_CODES, isAppError, messageOf, systemCode } from './core/errors.ts';
import { plainText } from './core/text.ts';
import { guardConsole } from './logging/console-guard.ts';
import { createLogger, type Logger } from './logging/logger.ts';
import { credentialsIn } from './logging/mask.ts';
import { createSink, type Sink } from './logging/output-sink.ts';
import type { StopReason } from './whatsapp/client-state.ts';
import { isConnectionLoss } from './whatsapp/connection/close-reason.ts';

/** npm and the terminal may both deliver the same Ctrl+C; a second signal after this long means "now". */
const SAME_WISH_MS = 1_000;
const LOOK_FOR_PARENT_MS = 200;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * How much of what it holds the heap may grow by before it is cleaned up. V8 gives a program that allocates fast
 * up to 300, whatever else runs on the machine; a bot shares a small server.
 */
const HEAP_GROWS_PERCENT = 50;

const isDevelopment = import.meta.url.endsWith('.ts');
const sink = createSink(1);
const config = readConfig();
if (config) await main(config, sink);

function readConfig(): Config | undefined {
  try {
    const problem = nodeProblem(process.version);
    if (problem) throw problem;
    return configFromProcess();
  } catch (error) {
    if (!isAppError(error)) throw error;
    createSink(2).write(`${plainText(error.message)}\n`);
    process.exitCode = error.exitCode;
    return undefined;
  }
}

async function main(config: Config, sink: Sink): Promise<void> {
  const isTerminal = process.stdout.isTTY === true;
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    isTerminal,
    isColorAllowed: config.isColorAllowed,
    stream: sink,
    // As it was set, and as commands to copy name it.
    keep: [config.sessionPath, resolve(config.sessionPath)],
    hide: [config.http?.token, config.proxyUrl, ...credentialsIn(config.waWebsocketUrl)].filter(
      (secret) => secret !== undefined,
    ),
  });
  for (const warning of config.warnings) log.warn(warning);
  // Before Baileys loads: libsignal prints private keys.
  guardConsole(log);
  const requests = new EventEmitter<AppRequests>();
  reportBugs(log, requests);
  const { speedUpCurve } = await import('./whatsapp/signal/libsignal-curve.ts');
  speedUpCurve();
  const { App: Program } = await import('./app/app.ts');
  // Not before: while everything is loaded, cleaning up finds nothing.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWS_PERCENT}`);
  const app = new Program(config, {
    log,
    output: sink,
    isTerminal,
    terminalSize: () =>
      isTerminal ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined,
    isDevelopment,
    requests,
  });
  stopOnSignals(app, log, config.isUnderNpm);
  process.exit(await runToExitCode(app, log));
}

async function runToExitCode(app: App, log: Logger): Promise<number> {
  try {
    return exitCodeOf(await app.start());
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.error(error.message);
    return error.exitCode;
  }
}

function exitCodeOf(reason: StopReason): number {
  switch (reason.kind) {
    case 'asked':
      return 0;
    case 'replaced':
      return EXIT_CODES.SESSION_REPLACED;
    case 'logged-out':
      return EXIT_CODES.LOGGED_OUT;
    default:
      return assertNever(reason);
  }
}

function stopOnSignals(app: App, log: Logger, isUnderNpm: boolean): void {
  let askedAtMs: number | undefined;
  const ask = (signal: string): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      log.info({ signal }, 'Stopping...');
      void app.stop();
    } else if (performance.now() - askedAtMs > SAME_WISH_MS) {
      process.exit(0);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => ask(signal));
  if (isUnderNpm) onOrphaned(() => ask('SIGTERM'));
}

/**
 * npm hands a SIGTERM to the shell that runs the script, and the shell dies of it without a word to us: on Linux
 * and macOS we then have another parent.
 */
function onOrphaned(callback: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, LOOK_FOR_PARENT_MS);
  timer.unref();
}

/** A bug ends the process with 1; a promise of a library that nobody awaited does not end a daemon. */
function reportBugs(log: Logger, requests: EventEmitter<AppRequests>): void {
  process.on('uncaughtException', (error) => {
    if (isCutDownload(error)) {
      log.warn('A download of the library was cut. Connecting anew, so that it comes again.');
      requests.emit('renew-connection', 'a download of the library was cut');
      return;
    }
    log.fatal({ err: error }, `A bug: ${messageOf(error)}. Nothing is lost; please report it.`);
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    if (isConnectionLoss(error)) {
      log.debug({ err: error }, 'the library left a promise of a closed connection behind');
      return;
    }
    log.error({ err: error }, 'A promise was rejected and nobody listened. Please report it.');
  });
}

/**
 * Baileys pipes its downloads (history, app state) into a stream that nobody listens to for errors, so a line that
 * is cut in the middle of one would end the process; and what awaits that download never ends.
 */
function isCutDownload(error: Error): boolean {
  return (
    error instanceof TypeError &&
    error.message === 'terminated' &&
    systemCode(error.cause)?.startsWith('UND_ERR') === true
  );
}
