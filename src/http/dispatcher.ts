import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logging/logger.ts';
import type { Gate } from './access-rules.ts';
import type { Exchange, Route } from './exchange.ts';
import { Problem } from './problem.ts';
import { sendProblem, setSecurityHeaders } from './respond.ts';
import type { Login } from './token-login.ts';

export interface DispatcherOptions {
  readonly gate: Gate;
  readonly routes: ReadonlyMap<string, Route>;
  /** Undefined where no token is set. */
  readonly login: Login | undefined;
  readonly log: Pick<Logger, 'error'>;
}

/** From a request to its route, past every check. */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A caller who goes away in the middle is nobody's problem.
    request.on('error', () => {});
    response.on('error', () => {});
    setSecurityHeaders(response);
    try {
      await this.#answer(request, response);
    } catch (error) {
      if (response.headersSent || request.socket.destroyed) response.destroy();
      else if (error instanceof Problem) sendProblem(response, error);
      else {
        this.#options.log.error({ err: error }, 'a request could not be answered');
        sendProblem(response, new Problem(500, 'A bug. The log of the bot says more.'));
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { gate, routes, login } = this.#options;
    gate.checkHost(request);
    const url = readUrl(request);
    const route = routes.get(url.pathname);
    if (route === undefined) throw new Problem(404, 'There is nothing here.');
    checkMethod(request, route);
    gate.checkOrigin(request, route);
    const exchange: Exchange = { request, response, url };
    if (route.isPage && login !== undefined && !gate.hasAccess(request, route)) return login.show(exchange);
    gate.checkAccess(request, route);
    await route.handle(exchange);
  }
}

function checkMethod({ method }: IncomingMessage, route: Route): void {
  if ((method === 'HEAD' ? 'GET' : method) === route.method) return;
  const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
  throw new Problem(405, `Only ${allow} is possible here.`, { Allow: allow });
}

function readUrl({ url = '' }: IncomingMessage): URL {
  // Two slashes would begin a host name.
  const path = url.replace(/^\/+/, '/');
  if (!path.startsWith('/') || !URL.canParse(path, 'http://localhost')) {
    throw new Problem(400, 'This address cannot be read.');
  }
  return new URL(path, 'http://localhost');
}
