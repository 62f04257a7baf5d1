/** A logger (pino's is one): facts first, a fixed sentence last. */
export interface Log {
  /** For whoever looks for a fault; `LOG_LEVEL=debug` shows it. */
  debug(facts: object, line: string): void;
  /** What is good to know. */
  info(facts: object, line: string): void;
  /** What may need somebody. */
  warn(facts: object, line: string): void;
  /** What does need somebody. */
  error(facts: object, line: string): void;
  /** A logger that adds these facts to each line. */
  child(facts: object): Log;
}
