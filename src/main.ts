import { keepHeapSmall } from './app/heap-settings.ts';
import { strayErrorOf } from './app/stray-error.ts';
import { nodeProblem } from './config/node-version.ts';
import { PROGRAM_USAGE, programVersion, readProgramOptions } from './config/program-options.ts';
import { AppError, assertNever, EXIT_CODES, isAppError, messageOf, systemCode } from './core/errors.ts';
import { plainText } from './core/plain-text.ts';
import { type CreatedBot, createBot } from './index.ts';
import { guardConsole } from './logging/console-guard.ts';
import { createSink } from './logging/output-sink.ts';
import type { StopReason } from './whatsapp/client-state.ts';
import { isConnectionLoss } from './whatsapp/connection/close-reason.ts';

/** npm and the terminal may both deliver the same Ctrl+C; a second signal after this long means "now". */
const SAME_SIGNAL_MS = 1_000;
const LOOK_FOR_PARENT_MS = 200;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const bot = await makeBot();
if (bot) await main(bot);

/** Undefined if there is nothing to run; the exit code is set then. */
async function makeBot(): Promise<CreatedBot | undefined> {
  try {
    const problem = nodeProblem(process.version);
    if (problem) throw problem;
    const asked = readProgramOptions(process.argv.slice(2));
    if (asked.kind === 'help') createSink(1).write(PROGRAM_USAGE);
    if (asked.kind === 'version') createSink(1).write(`${programVersion()}\n`);
    if (asked.kind === 'problem')
      throw new AppError('BAD_ARGUMENTS', `${asked.text}\n\n${PROGRAM_USAGE.trimEnd()}`);
    if (asked.kind !== 'run') return undefined;
    const { contentsOf } = await import('./app/project-contents.ts');
    const contents =
      asked.project === undefined ? {} : await contentsOf([asked.project, ...(asked.moreProjects ?? [])]);
    const reload = asked.reload || import.meta.url.endsWith('.ts');
    return createBot({ ...contents, reload, env: true, dotenvPath: '.env' });
  } catch (error) {
    if (!isAppError(error)) throw error;
    createSink(2).write(`${plainText(error.message)}\n`);
    process.exitCode = error.exitCode;
    return undefined;
  }
}

async function main(bot: CreatedBot): Promise<void> {
  // Before Baileys loads: libsignal prints private keys.
  guardConsole(bot.log);
  reportBugs(bot);
  await bot.load();
  keepHeapSmall();
  stopOnSignals(bot);
  process.exit(await runToExitCode(bot));
}

async function runToExitCode({ log, start }: CreatedBot): Promise<number> {
  try {
    return exitCodeOf(await start());
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

function stopOnSignals({ log, config, stop }: CreatedBot): void {
  let askedAtMs: number | undefined;
  const ask = (signal: string): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      log.info({ signal }, 'Stopping...');
      void stop();
    } else if (performance.now() - askedAtMs > SAME_SIGNAL_MS) {
      process.exit(0);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => ask(signal));
  if (config.isUnderNpm) onOrphaned(() => ask('SIGTERM'));
}

/**
 * npm hands a SIGTERM to the shell that runs the script, and the shell ends without passing it on: on Linux
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

/** An uncaught exception ends the process with 1, except for a cut download. An unhandled rejection is only logged. */
function reportBugs({ log, renewConnection }: CreatedBot): void {
  process.on('uncaughtException', (error) => {
    if (isCutDownload(error)) {
      log.warn(
        'A download of the library broke off. The bot connects again, so that WhatsApp sends it again.',
      );
      renewConnection('a download of the library was cut');
      return;
    }
    const stray = strayErrorOf(error);
    if (stray) log.fatal(stray.facts, `a ${stray.kind} threw outside of its handler, so the program ends`);
    else log.fatal({ err: error }, `A bug: ${messageOf(error)}. Nothing is lost; please report it.`);
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    if (isConnectionLoss(error)) {
      log.debug({ err: error }, 'a promise of the library was rejected after its connection had closed');
      return;
    }
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      log.warn(
        { code: 'ERR_BUFFER_TOO_LARGE' },
        'WhatsApp sent a compressed stanza that is too large, so it is ignored.',
      );
      return;
    }
    const stray = strayErrorOf(error);
    if (stray) log.error(stray.facts, `a ${stray.kind} left a promise that was rejected; await it`);
    else log.error({ err: error }, 'A promise was rejected and no code handled it. Please report it.');
  });
}

/**
 * Baileys pipes its downloads (history, app state) into a stream whose errors no code handles, so a connection that
 * is cut in the middle of one would end the process; and code that awaits that download never ends.
 */
function isCutDownload(error: Error): boolean {
  return (
    error instanceof TypeError &&
    error.message === 'terminated' &&
    systemCode(error.cause)?.startsWith('UND_ERR') === true
  );
}
