import { AsyncLocalStorage } from 'node:async_hooks';

/** A command or a listener. */
export interface HandlerName {
  readonly kind: string;
  readonly name: string;
}

/** Whose code is running, with all that it awaits. The console uses it to say who wrote a line. */
export const runningHandler = new AsyncLocalStorage<HandlerName>();
