import { systemCode } from '../../core/errors.ts';

const MAX_MESSAGE = 300;
/** How many characters of a message are searched for in an error. */
const MAX_SEARCHED = 4_096;
const MAX_CAUSES = 3;

/** An error for the log: its message has none of the person's words, its stack begins with that message. */
export class SafeError extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor(name: string, code: string | undefined, message: string, frames: string, cause?: SafeError) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = code;
    this.stack = frames === '' ? `${name}: ${message}` : `${name}: ${message}\n${frames}`;
  }
}

/**
 * What the log may contain of an error that a handler threw. Parsers put their input into their messages, so words
 * of the person's text, quoted parts and long numbers are replaced by `…`.
 */
export function safeError(error: unknown, personText: string, depth = 0): SafeError {
  const isError = error instanceof Error;
  const message = isError ? error.message : textOf(error);
  return new SafeError(
    isError ? error.name : typeof error,
    systemCode(error),
    withoutWords(message, personText),
    isError ? framesOf(error) : '',
    isError && error.cause instanceof Error && depth < MAX_CAUSES
      ? safeError(error.cause, personText, depth + 1)
      : undefined,
  );
}

/** Of an object that is no error only the names of its fields are shown: anything may be in them. */
function textOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message } = thrown as { message?: unknown };
  return typeof message === 'string'
    ? message
    : `an object with the fields: ${Object.keys(thrown).join(', ')}`;
}

function withoutWords(message: string, personText: string): string {
  const searched = personText.slice(0, MAX_SEARCHED);
  const words = new Set([...searched.split(/\s+/), ...searched.split(/[^\p{L}\p{N}]+/u)]);
  let safe = message
    .slice(0, MAX_SEARCHED)
    .replace(/"[^"\n]*"\.\.\./g, '…')
    .replace(/\d{6,}/g, '…');
  // The longest first: a word may be part of another one.
  for (const word of [...words].filter(({ length }) => length >= 4).sort((a, b) => b.length - a.length))
    safe = safe.replace(new RegExp(word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'giu'), '…');
  return safe.slice(0, MAX_MESSAGE);
}

/** The lines of the stack that name a place. A line of the message may look like one, so the message goes first. */
function framesOf({ stack = '', message }: Error): string {
  const afterMessage = message === '' ? 0 : Math.max(0, stack.indexOf(message) + message.length);
  const frames = stack.includes(message) ? stack.slice(afterMessage) : stack;
  return frames
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
