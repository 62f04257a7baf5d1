/** The faults that are switched on. */
export interface Switches {
  /** Sends get no acknowledgement. */
  withholdsAcks: boolean;
  /** Sends are not delivered. */
  swallowsMessages: boolean;
  /** Queries with these namespaces get no answer. */
  ignoredQueries: Set<string>;
  /** A device look-up by phone number also returns the LID, so that clients open new sessions. */
  repliesWithLids: boolean;
  /** The delay of each stanza that is sent. */
  delayMs: number;
  /** The attributes of the next `<failure>` answers to logins, in order. */
  loginFailures: Record<string, string>[];
  /** The HTTP statuses of the next upgrades, in order. */
  refusedUpgrades: number[];
  /** Upgrades get no answer. */
  hangsUpgrades: boolean;
}

export function initialSwitches(): Switches {
  return {
    withholdsAcks: false,
    swallowsMessages: false,
    ignoredQueries: new Set(),
    repliesWithLids: true,
    delayMs: 0,
    loginFailures: [],
    refusedUpgrades: [],
    hangsUpgrades: false,
  };
}
