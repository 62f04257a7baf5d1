import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

export interface Route {
  /** A GET route answers HEAD as well. */
  readonly method: 'GET' | 'POST';
  /** Who may call it if a token is set: anyone, callers with the cookie or the token, or callers with the token. */
  readonly access: 'anyone' | 'signed-in' | 'token';
  /** Whether pages of other origins are refused: a route must set this if it acts or holds a connection open. */
  readonly isOwnOriginOnly: boolean;
  /** Whether it is a page for people: somebody without access then gets the form that asks for the token. */
  readonly isPage: boolean;
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}
