import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { Token } from './http-token.ts';
import { readBody } from './request-body.ts';
import { LOGIN_FAILED_PAGE, LOGIN_PAGE, sendPage } from './status-page.ts';

const FORM = 'application/x-www-form-urlencoded';

/** Trades the token for a cookie, by a form or by `/?token=…`, and leaves the token in no address and no log. */
export class Login {
  readonly #token: Token;
  readonly #onRefused: () => void;

  constructor(token: Token, onRefused: () => void) {
    this.#token = token;
    this.#onRefused = onRefused;
  }

  async post({ request, response }: Exchange): Promise<void> {
    const form = new URLSearchParams(await readBody(request, FORM));
    this.#trade(form.get('token') ?? '', isOverTls(request.headers), response);
  }

  /** For somebody without a cookie who opens the page. */
  show({ request, response, url }: Exchange): void {
    const presented = url.searchParams.get('token');
    if (presented === null) sendPage(response, 401, LOGIN_PAGE);
    else this.#trade(presented, isOverTls(request.headers), response);
  }

  #trade(presented: string, isSecure: boolean, response: ServerResponse): void {
    if (!this.#token.matches(presented)) {
      this.#onRefused();
      sendPage(response, 401, LOGIN_FAILED_PAGE);
      return;
    }
    response.writeHead(303, { Location: '/', 'Set-Cookie': this.#token.cookie(isSecure) }).end();
  }
}

/** What a proxy says of itself; untrue, it makes the cookie stricter and nothing else. */
const isOverTls = (headers: Readonly<Record<string, string | string[] | undefined>>): boolean =>
  headers['x-forwarded-proto'] === 'https';
