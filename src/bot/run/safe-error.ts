import { isAppError, systemCode } from '../../core/errors.ts';

const MAX_MESSAGE = 300;
/** How many characters of a message are searched for in an error. */
const MAX_SEARCHED = 4_096;

/** An error for the log. */
export interface SafeError {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  /** Where it was thrown, without the message. */
  readonly stack: string | undefined;
}

/**
 * What the log may contain of an error that a handler threw. Parsers put their input into their messages, so words
 * of the person's text, quoted parts and long numbers are replaced by `…`.
 */
export function safeError(error: unknown, personText: string): SafeError {
  const isError = error instanceof Error;
  const message = (isError ? error.message : String(error)).slice(0, MAX_SEARCHED);
  const words = new Set(
    personText
      .slice(0, MAX_SEARCHED)
      .split(/\s+/)
      .filter((word) => word.length >= 4),
  );
  let safe = message.replace(/"[^"\n]*"\.\.\./g, '…').replace(/\d{6,}/g, '…');
  for (const word of words) safe = safe.replaceAll(word, '…');
  const frames = isError ? error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) : undefined;
  return {
    name: isError ? error.name : typeof error,
    code: isAppError(error) ? error.code : systemCode(error),
    message: safe.slice(0, MAX_MESSAGE),
    stack: frames?.join('\n'),
  };
}
