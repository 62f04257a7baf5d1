import { format } from 'node:util';
import { type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino';
import { plainText } from '../core/plain-text.ts';
import { createMasker, type Masker } from './mask.ts';
import { createSink } from './output-sink.ts';
import { prettyLine } from './pretty-line.ts';
import { redactFacts } from './redact.ts';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'pretty' | 'json';
  readonly isTerminal: boolean;
  /** Colors come on terminals only. Default true. */
  readonly isColorAllowed?: boolean;
  /** Default: stdout, written at once, so that nothing is lost at exit. */
  readonly stream?: { write(text: string): unknown };
  /** Paths that are shown even if they look like a phone number, e.g. the session folder. */
  readonly keep?: readonly string[];
  /** Secrets that are known, e.g. the page's token; those under six characters are not hidden. */
  readonly hide?: readonly string[];
}

/**
 * The program's log: `[INFO] text` on a terminal, elsewhere one JSON object a line with the same text in `msg`,
 * the level as a word and an ISO time. Facts and texts are redacted before they are formatted, at every level,
 * in children too.
 */
export function createLogger(options: LoggerOptions): Logger {
  const mask = createMasker(options.keep ?? [], options.hide ?? []);
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && options.isTerminal);
  const isColorful = options.isTerminal && (options.isColorAllowed ?? true);
  const out = options.stream ?? createSink(1);
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors have been turned into plain facts by then.
      serializers: { err: (error) => error },
      formatters: {
        level: (label) => ({ level: label }),
      },
      hooks: {
        logMethod(args, method) {
          const [facts, text] = redactCall(args, mask);
          method.call(this, facts, text);
        },
      },
    },
    { write: (line: string) => out.write(isPretty ? prettyLine(line, isColorful) : plainText(line)) },
  );
  return redactBindings(log, mask);
}

/** The two ways to call pino, `(facts, text, …)` and `(text, …)`, made one. */
function redactCall(args: readonly unknown[], mask: Masker): [facts: object, text: string | undefined] {
  const [first, second, ...rest] = args;
  if (typeof first === 'string') return [{}, mask(format(first, ...args.slice(1)))];
  const text = second === undefined ? undefined : mask(format(second, ...rest));
  if (first instanceof Error) return [redactFacts({ err: first }, mask), text ?? mask(first.message)];
  return [typeof first === 'object' && first !== null ? redactFacts(first, mask) : {}, text];
}

/**
 * Pino formats the facts of a child when it is made and calls no hook, so they are redacted here. Children inherit
 * this.
 */
function redactBindings(log: Logger, mask: Masker): Logger {
  const { child, setBindings } = log;
  return Object.assign(log, {
    child(this: Logger, bindings: object, options?: object) {
      return child.call(this, redactFacts(bindings, mask), options);
    },
    setBindings(this: Logger, bindings: object) {
      setBindings.call(this, redactFacts(bindings, mask));
    },
  });
}
