import { AsyncLocalStorage } from 'node:async_hooks';

/** A command or a listener. */
export interface HandlerName {
  readonly kind: string;
  readonly name: string;
  /** The file that it is in. */
  readonly file?: string;
  /** What the person wrote: an error must not repeat it. */
  readonly personText?: string;
}

/** Whose code is running, with all that it awaits. The console uses it to say who wrote a line. */
export const runningHandler = new AsyncLocalStorage<HandlerName>();
