import { isAppError, systemCode } from '../../core/errors.ts';

const MAX_MESSAGE = 300;
/** So much of a message is searched for in an error; a longer one does not get into an error whole. */
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
 * What a log may know of an error that a command threw: parsers put their input into their messages, so
 * words of the person's text, quoted snippets and long numbers are blotted out.
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
