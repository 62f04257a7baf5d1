/** The state of the program around the bot. */
export interface StatusFacts {
  /** The word that the log uses: `open`, `connecting`, `close`. */
  readonly connection: string;
  /** How long the connection has been in this state, in milliseconds. */
  readonly connectionAgeMs: number;
  /** How long the program has run, in milliseconds. */
  readonly uptimeMs: number;
  /** Further lines for `!status`, in order: what is counted, and how many. */
  readonly counts: ReadonlyArray<readonly [what: string, count: number]>;
}

/** What a handler may ask the program for. */
export interface Services {
  /** The present state of the program. */
  status(): StatusFacts;
}
