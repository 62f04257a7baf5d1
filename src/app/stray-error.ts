import { type SafeError, safeError } from '../bot/run/safe-error.ts';
import { runningHandler } from '../core/running-handler.ts';

/** An error of a command or a listener that came after its handler, or beside it: from a timer, or a promise without `await`. */
export interface StrayError {
  /** `command` or `listener`. */
  readonly kind: string;
  /** For the log: whose error it is, and the error without the person's words. */
  readonly facts: { readonly err: SafeError; readonly file: string | undefined };
}

/** Undefined if no handler left it. Must be called in the listener of the process's event. */
export function strayErrorOf(error: unknown): StrayError | undefined {
  const handler = runningHandler.getStore();
  if (handler === undefined) return undefined;
  const { kind, name, file, personText = '' } = handler;
  return { kind, facts: { [kind]: name, file, err: safeError(error, personText) } };
}
