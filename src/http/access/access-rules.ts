import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from '../../config/config.ts';
import type { Route } from '../exchange.ts';
import { Problem } from '../problem.ts';
import type { HttpToken } from './http-token.ts';
import type { RefusedTokenLog } from './refused-token-log.ts';
import { isCrossOrigin, isHostAllowed } from './request-origin.ts';

/** The checks that a request must pass. Each throws a `Problem` that says what the caller can do. */
export class AccessRules {
  readonly #config: HttpConfig;
  readonly #token: HttpToken | undefined;
  readonly #refusals: RefusedTokenLog;

  constructor(config: HttpConfig, token: HttpToken | undefined, refusals: RefusedTokenLog) {
    this.#config = config;
    this.#token = token;
    this.#refusals = refusals;
  }

  /** Must be called first. If a token is set, any host name is allowed, because the token protects every route. */
  checkHost({ headers }: IncomingMessage): void {
    if (this.#token !== undefined || isHostAllowed(headers.host, this.#config.host)) return;
    throw new Problem(
      403,
      'This host name is not one of this machine. Open http://localhost with the port, or set HTTP_TOKEN, which allows any host name.',
    );
  }

  checkOrigin({ headers }: IncomingMessage, route: Route): void {
    if (!route.isOwnOriginOnly) return;
    const { host, origin } = headers;
    if (isCrossOrigin({ host, origin, fetchSite: headers['sec-fetch-site']?.toString() })) {
      throw new Problem(403, 'Pages of other sites must not call this address.');
    }
  }

  hasAccess({ headers }: IncomingMessage, route: Route): boolean {
    if (this.#token === undefined || route.access === 'anyone') return true;
    if (this.#token.isInAuthorization(headers.authorization)) return true;
    return route.access === 'signed-in' && this.#token.isInCookies(headers.cookie);
  }

  checkAccess(request: IncomingMessage, route: Route): void {
    if (this.hasAccess(request, route)) return;
    if (request.headers.authorization !== undefined) this.#refusals.add();
    throw new Problem(401, 'A token is needed: send the header "Authorization: Bearer" with HTTP_TOKEN.', {
      'WWW-Authenticate': 'Bearer realm="perennial"',
    });
  }
}
