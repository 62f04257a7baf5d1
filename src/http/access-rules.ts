import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from '../config/config.ts';
import type { Route } from './exchange.ts';
import type { Token } from './http-token.ts';
import { Problem } from './problem.ts';
import { isCrossOrigin, isHostAllowed } from './request-origin.ts';

/** Who may come in. Every rule throws a `Problem` with what the caller can do. */
export class Gate {
  readonly #config: HttpConfig;
  readonly #token: Token | undefined;
  readonly #onRefused: () => void;

  constructor(config: HttpConfig, token: Token | undefined, onRefused: () => void) {
    this.#config = config;
    this.#token = token;
    this.#onRefused = onRefused;
  }

  /** Before anything else. With a token any name will do: who has none gets nothing. */
  checkHost({ headers }: IncomingMessage): void {
    if (this.#token !== undefined || isHostAllowed(headers.host, this.#config.host)) return;
    throw new Problem(
      403,
      'This name is not one of this machine. Open http://localhost with the port, or set HTTP_TOKEN to be reached by any name.',
    );
  }

  checkOrigin({ headers }: IncomingMessage, route: Route): void {
    if (!route.isOwnOriginOnly) return;
    const { host, origin } = headers;
    if (isCrossOrigin({ host, origin, fetchSite: headers['sec-fetch-site']?.toString() })) {
      throw new Problem(403, 'Pages of other sites are not served here.');
    }
  }

  hasAccess({ headers }: IncomingMessage, route: Route): boolean {
    if (this.#token === undefined || route.access === 'anyone') return true;
    if (this.#token.isInAuthorization(headers.authorization)) return true;
    return route.access === 'signed-in' && this.#token.isInCookies(headers.cookie);
  }

  checkAccess(request: IncomingMessage, route: Route): void {
    if (this.hasAccess(request, route)) return;
    if (request.headers.authorization !== undefined) this.#onRefused();
    throw new Problem(401, 'A token is needed: send the header "Authorization: Bearer" with HTTP_TOKEN.', {
      'WWW-Authenticate': 'Bearer realm="perennial"',
    });
  }
}
