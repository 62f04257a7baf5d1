/** A logger (pino's is one): facts first, a fixed sentence last. */
export interface Log {
  /** Details for finding a fault; `LOG_LEVEL=debug` shows them. */
  debug(facts: object, line: string): void;
  /** What an operator may want to know. */
  info(facts: object, line: string): void;
  /** What an operator may have to act on. */
  warn(facts: object, line: string): void;
  /** What an operator must act on. */
  error(facts: object, line: string): void;
  /** A logger that adds these facts to each line. */
  child(facts: object): Log;
}
