import type { ServerResponse } from 'node:http';
import type { Exchange } from '../exchange.ts';
import { readBody } from '../messages/request-body.ts';
import { LOGIN_FAILED_PAGE, LOGIN_PAGE, sendPage } from '../status/status-page.ts';
import type { HttpToken } from './http-token.ts';
import type { RefusedTokenLog } from './refused-token-log.ts';

const FORM = 'application/x-www-form-urlencoded';

/** Gives a cookie for the token, by a form or by `/?token=…`. The token must not stay in an address or a log. */
export class TokenLogin {
  readonly #token: HttpToken;
  readonly #refusals: RefusedTokenLog;

  constructor(token: HttpToken, refusals: RefusedTokenLog) {
    this.#token = token;
    this.#refusals = refusals;
  }

  async post({ request, response }: Exchange): Promise<void> {
    const form = new URLSearchParams(await readBody(request, FORM));
    this.#trade(form.get('token') ?? '', isOverTls(request.headers), response);
  }

  /** Answers somebody without a cookie who opens the page. */
  show({ request, response, url }: Exchange): void {
    const presented = url.searchParams.get('token');
    if (presented === null) sendPage(response, 401, LOGIN_PAGE);
    else this.#trade(presented, isOverTls(request.headers), response);
  }

  #trade(presented: string, isSecure: boolean, response: ServerResponse): void {
    if (!this.#token.matches(presented)) {
      this.#refusals.add();
      sendPage(response, 401, LOGIN_FAILED_PAGE);
      return;
    }
    response.writeHead(303, { Location: '/', 'Set-Cookie': this.#token.cookie(isSecure) }).end();
  }
}

/** Trusts the header of any proxy: if it is false, the browser only refuses to keep the cookie. */
const isOverTls = (headers: Readonly<Record<string, string | string[] | undefined>>): boolean =>
  headers['x-forwarded-proto'] === 'https';
