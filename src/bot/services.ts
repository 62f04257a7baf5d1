/** What the program around the bot tells of itself. */
export interface StatusFacts {
  /** As in the log: `open`, `connecting`, `close`. */
  readonly connection: string;
  /** How long it has been so, in milliseconds. */
  readonly connectionAgeMs: number;
  /** How long the program has run, in milliseconds. */
  readonly uptimeMs: number;
  /** More lines for `!status`, in order: what is counted, and how many. */
  readonly counts: ReadonlyArray<readonly [what: string, count: number]>;
}

/** What commands may ask the program for. */
export interface Services {
  /** How the program is, now. */
  status(): StatusFacts;
}
