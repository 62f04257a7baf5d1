import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

export interface Route {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST';
  /** Who may, where a token is set: anyone, whoever has the cookie or the token, or the token alone. */
  readonly access: 'anyone' | 'signed-in' | 'token';
  /** Whether pages of other origins are kept out: where something is done, or a connection is held. */
  readonly isOwnOriginOnly: boolean;
  /** Whether a person looks at it: who has no access is asked for the token. */
  readonly isPage: boolean;
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}
