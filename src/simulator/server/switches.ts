/** How the server misbehaves at the moment. */
export interface Switches {
  /** Sends get no acknowledgement. */
  withholdsAcks: boolean;
  /** Sends are swallowed as well: nobody receives them. */
  swallowsMessages: boolean;
  /** Queries with these namespaces get no answer. */
  ignoredQueries: Set<string>;
  /** Device look-ups by phone number also tell the LID, as WhatsApp does. Makes clients open new sessions. */
  repliesWithLids: boolean;
  /** Waits this long before each stanza it sends. */
  delayMs: number;
  /** Logins that are refused, in order. */
  loginFailures: Record<string, string>[];
  /** HTTP statuses that answer the next upgrades. */
  refusedUpgrades: number[];
  /** Upgrades are not answered at all. */
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
