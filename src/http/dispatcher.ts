import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logging/logger.ts';
import type { AccessRules } from './access/access-rules.ts';
import type { TokenLogin } from './access/token-login.ts';
import type { Exchange, Route } from './exchange.ts';
import { Problem } from './problem.ts';
import { sendProblem, setSecurityHeaders } from './respond.ts';

export interface DispatcherOptions {
  readonly access: AccessRules;
  readonly routes: ReadonlyMap<string, Route>;
  /** Undefined if no token is set. */
  readonly login: TokenLogin | undefined;
  readonly log: Pick<Logger, 'error'>;
}

/** Checks a request and hands it to its route. */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A caller who disconnects in the middle of a request must not cause an error.
    request.on('error', () => {});
    response.on('error', () => {});
    setSecurityHeaders(response);
    try {
      await this.#answer(request, response);
    } catch (error) {
      if (response.headersSent || request.socket.destroyed) response.destroy();
      else if (error instanceof Problem) sendProblem(response, error);
      else {
        this.#options.log.error({ err: error }, 'could not answer a request');
        sendProblem(response, new Problem(500, 'This is a bug of the bot. Its log says more.'));
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access, routes, login } = this.#options;
    access.checkHost(request);
    const url = readUrl(request);
    const route = routes.get(url.pathname);
    if (route === undefined) throw new Problem(404, 'There is no page at this address.');
    checkMethod(request, route);
    access.checkOrigin(request, route);
    const exchange: Exchange = { request, response, url };
    if (route.isPage && login !== undefined && !access.hasAccess(request, route)) return login.show(exchange);
    access.checkAccess(request, route);
    await route.handle(exchange);
  }
}

function checkMethod({ method }: IncomingMessage, route: Route): void {
  if ((method === 'HEAD' ? 'GET' : method) === route.method) return;
  const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
  throw new Problem(405, `This address takes only ${allow}.`, { Allow: allow });
}

function readUrl({ url = '' }: IncomingMessage): URL {
  // Two slashes at the start would be read as the start of a host name.
  const path = url.replace(/^\/+/, '/');
  if (!path.startsWith('/') || !URL.canParse(path, 'http://localhost')) {
    throw new Problem(400, 'The address of this request is not valid.');
  }
  return new URL(path, 'http://localhost');
}
