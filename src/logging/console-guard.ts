import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { runningHandler } from '../core/running-handler.ts';

/** The sentences that libsignal prints. After each it prints an object, which mostly has private keys. */
const KNOWN_SENTENCES = [
  'Closing session:',
  'Opening session:',
  'Session already closed',
  'Session already open',
  'Removing old closed session:',
  'Closing open session in favor of incoming prekey bundle',
  'Failed to decrypt message with any known session...',
  'Session error:',
  'Decrypted message with closed session.',
  'Migrating session to:',
  'V1 session storage migration error:',
  'Unhandled bucket type (for naming):',
  'WARNING: Expected pubkey of length 33',
] as const;

const METHODS = [
  'log',
  'info',
  'warn',
  'error',
  'debug',
  'trace',
  'dir',
  'dirxml',
  'table',
  'group',
  'groupCollapsed',
  'assert',
  'count',
  'timeEnd',
  'timeLog',
] as const;

type Level = 'debug' | 'info' | 'warn' | 'error';

/** What is written to; levels that are missing are left out. */
type ConsoleLog = { debug(facts: object, sentence: string): void } & {
  readonly [L in Level]?: (facts: object, sentence: string) => void;
};

const LEVELS: Partial<Record<string, Level>> = {
  debug: 'debug',
  trace: 'debug',
  warn: 'warn',
  error: 'error',
  assert: 'error',
};

/** The folder of the program's own files, `src/` or `dist/`. */
const OWN_FOLDER = fileURLToPath(new URL('../', import.meta.url));
const MAX_CHARACTERS = 4_000;

/**
 * Replaces the console, because libsignal prints whole session records to it. What the code of a command or listener
 * prints goes to the log, with its name. Of everything else only a fixed sentence and the count of arguments appear, at
 * `debug`. Must be called before Baileys is loaded. Returns a function that restores the console. `isOursAlone: false`:
 * the console belongs to the program around the bot too, so only what libsignal prints is hidden. Default true.
 */
export function guardConsole(log: ConsoleLog, { isOursAlone = true } = {}): () => void {
  const originals = METHODS.map((method) => [method, console[method]] as const);
  for (const [method, original] of originals) {
    const guarded = (...args: unknown[]): void => {
      // A true assertion prints no line.
      if (method === 'assert' && args[0]) return;
      const handler = runningHandler.getStore();
      if (handler !== undefined && isAuthorsCode(stackAbove(guarded), OWN_FOLDER)) {
        const { kind, name } = handler;
        const shown = format(...(method === 'assert' ? args.slice(1) : args)).slice(0, MAX_CHARACTERS);
        log[LEVELS[method] ?? 'info']?.({ [kind]: name }, shown);
        return;
      }
      const [first] = args;
      const known =
        typeof first === 'string' ? KNOWN_SENTENCES.find((known) => first.startsWith(known)) : undefined;
      if (known === undefined && !isOursAlone) {
        Reflect.apply(original, console, args);
        return;
      }
      log.debug(
        { method, arguments: args.length },
        known === undefined ? 'a library wrote to the console' : `libsignal: ${known}`,
      );
    };
    console[method] = guarded;
  }
  return () => {
    for (const [method, original] of originals) Object.assign(console, { [method]: original });
  };
}

/** The stack of the function that called `callee`. */
function stackAbove(callee: (...args: unknown[]) => void): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee);
  return holder.stack ?? '';
}

/**
 * Whether an author of commands wrote the file that called the console. A library that a command calls runs
 * in the command's context as well, so the context alone does not tell: libsignal prints keys while `ctx.reply`
 * encrypts.
 */
export function isAuthorsCode(stack: string, ownFolder: string): boolean {
  for (const line of stack.split('\n').slice(1)) {
    const place = /(file:\/\/\/?[^\s()]+?|[A-Za-z]:[\\/][^()]+?|\/[^()]+?):\d+:\d+\)?$/.exec(line)?.[1];
    if (place === undefined || line.includes('node:')) continue;
    const file = place.startsWith('file:') ? fileURLToPath(place.replace(/\?.*$/, '')) : place;
    if (/[\\/]node_modules[\\/]/.test(file)) return false;
    return !file.startsWith(ownFolder) || /^(commands|listeners)[\\/]/.test(file.slice(ownFolder.length));
  }
  return false;
}
