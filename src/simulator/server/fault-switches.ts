import type { CertificateFlaw } from '../wire/noise-certificate.ts';

/** The parts of the phone's answer to a pairing code. */
export type CodeAnswerPart =
  | 'link_code_pairing_wrapped_primary_ephemeral_pub'
  | 'primary_identity_pub'
  | 'link_code_pairing_ref';

/** An error answer, for a number of times. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
  times: number;
}

/** A `<failure>` answer to a login. */
export interface LoginFailure {
  readonly attrs: Record<string, string>;
  times: number;
}

/** Faults of a client that is not linked yet. */
export interface PairingSwitches {
  /** The next requests for a pairing code get this error. */
  codeRefusal: Refusal | undefined;
  /** Requests for a pairing code get no answer. */
  ignoresCodeRequests: boolean;
  /** The next `companion_finish` stanzas get this error. */
  finishRefusal: Refusal | undefined;
  /** The phone's answers to a code lack these parts. */
  missingParts: Set<CodeAnswerPart>;
  /** These parts of the phone's answers to a code are cut short. */
  shortParts: Set<CodeAnswerPart>;
  /** The phone goes no further after a code was entered and the client has finished. */
  stallsAfterCode: boolean;
  /** The account can be linked with a passkey only. */
  requiresPasskey: boolean;
  /** A new client gets `companion_reg_refresh` before it has any reference. */
  refreshesBeforeRefs: boolean;
  /** How many of the next scans end with `companion_reg_refresh` in place of a link. */
  refreshesAtScan: number;
  /** The account signature of the next pairings is forged. */
  forgesAccountSignature: boolean;
}

/** Faults of WebSocket upgrades and of the connection. */
export interface ConnectionSwitches {
  /** The delay of each stanza that is sent. */
  delayMs: number;
  /** The HTTP statuses of the next upgrades, in order. */
  readonly refusedUpgrades: number[];
  /** Upgrades get no answer. */
  hangsUpgrades: boolean;
  /** What is wrong with the certificate chain of new connections. */
  certificateFlaw: CertificateFlaw | undefined;
}

/** Which sends a fault is for. Fields that are undefined match every send. */
export interface SendMatch {
  /** The receivers: a group JID, or the addresses of a person. */
  readonly to: readonly string[] | undefined;
  /** The `mediatype` of the ciphertext (`image`, `ptt`, …), or the `type` of the stanza (`text`, `poll`, …). */
  readonly kind: string | undefined;
  readonly id: string | undefined;
}

/** What the server answers in place of delivering a message. */
export interface SendRefusal extends SendMatch {
  /** `ack`: an acknowledgement with this error. `close`: a stream error with this code. */
  readonly answer: {
    readonly kind: 'ack' | 'close';
    readonly code: number;
    /** More attributes of the acknowledgement. */
    readonly attrs?: Readonly<Record<string, string>>;
  };
  times: number;
}

/** Faults of what the client sends. */
export interface SendSwitches {
  /** Sends get no acknowledgement. */
  withholdsAcks: boolean;
  /** Sends are not delivered. */
  swallowsMessages: boolean;
  /** The answers to certain sends. */
  readonly refusals: SendRefusal[];
  /** Sends to the phone number of a person with a LID get error 463. */
  requiresLids: boolean;
  /** Sends to the people with these LIDs need the privacy token that was issued for them. */
  tokenHolders: Set<string>;
}

/** `empty`: the answer names no collection. `endless`: every collection has more patches, for ever. */
export type AppStateFlaw = 'empty' | 'endless';

/** Faults of queries. */
export interface QuerySwitches {
  /** Queries with these namespaces get no answer. */
  ignored: Set<string>;
  /** Queries with these namespaces get an error. */
  readonly refusals: Map<string, Refusal>;
  /** A device look-up by phone number also returns the LID, so that clients open new Signal sessions. */
  repliesWithLids: boolean;
  /** No query returns a LID. */
  hidesLids: boolean;
  /** What is wrong with the answers to app-state queries. */
  appStateFlaw: AppStateFlaw | undefined;
}

/** The faults that are switched on, by what they act on. */
export interface Switches {
  readonly pairing: PairingSwitches;
  readonly connection: ConnectionSwitches;
  readonly sends: SendSwitches;
  readonly queries: QuerySwitches;
  /** The next `<failure>` answers to logins, in order. */
  readonly loginFailure: LoginFailure[];
  /** The rest of the offline queue is not sent after an error acknowledgement. */
  holdsQueueAfterNack: boolean;
}

export function initialSwitches(): Switches {
  return {
    pairing: {
      codeRefusal: undefined,
      ignoresCodeRequests: false,
      finishRefusal: undefined,
      missingParts: new Set(),
      shortParts: new Set(),
      stallsAfterCode: false,
      requiresPasskey: false,
      refreshesBeforeRefs: false,
      refreshesAtScan: 0,
      forgesAccountSignature: false,
    },
    connection: { delayMs: 0, refusedUpgrades: [], hangsUpgrades: false, certificateFlaw: undefined },
    sends: {
      withholdsAcks: false,
      swallowsMessages: false,
      refusals: [],
      requiresLids: false,
      tokenHolders: new Set(),
    },
    queries: {
      ignored: new Set(),
      refusals: new Map(),
      repliesWithLids: true,
      hidesLids: false,
      appStateFlaw: undefined,
    },
    loginFailure: [],
    holdsQueueAfterNack: false,
  };
}
