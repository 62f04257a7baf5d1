/** What the bot needs of a logger; pino's `Logger` is one. Facts first, a fixed sentence last. */
export interface Log {
  debug(facts: object, line: string): void;
  info(facts: object, line: string): void;
  warn(facts: object, line: string): void;
  error(facts: object, line: string): void;
  child(facts: object): Log;
}
