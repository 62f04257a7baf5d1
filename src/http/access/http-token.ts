import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes the same time for every presented text of any length, so that the time says nothing about the secret. */
function isSame(presented: string, secret: string): boolean {
  return timingSafeEqual(digest(presented), digest(secret));
}

/** How long a browser stays signed in. */
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

/**
 * `HTTP_TOKEN` and the cookie that stands for it in a browser. The cookie is derived from the token, so
 * it stays valid over restarts until the token changes. Its name is derived as well, because browsers send the cookies
 * of one port to all ports of a machine.
 */
export class HttpToken {
  readonly #secret: string;
  readonly #cookieName: string;
  readonly #cookieValue: string;

  constructor(secret: string) {
    const derived = createHmac('sha256', secret).update('perennial page').digest('hex');
    this.#secret = secret;
    this.#cookieName = `perennial_${derived.slice(0, 8)}`;
    this.#cookieValue = derived.slice(8);
  }

  matches(presented: string): boolean {
    return isSame(presented, this.#secret);
  }

  /** `Authorization: Bearer TOKEN`. */
  isInAuthorization(header: string | undefined): boolean {
    const presented = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    return presented !== undefined && this.matches(presented);
  }

  isInCookies(header: string | undefined): boolean {
    return (header ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.#cookieName}=`))
      .some((pair) => isSame(pair.slice(this.#cookieName.length + 1), this.#cookieValue));
  }

  /** The value of a `Set-Cookie` header. `isSecure`: whether the browser came over TLS. */
  cookie(isSecure: boolean): string {
    const attributes = `Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Strict`;
    return `${this.#cookieName}=${this.#cookieValue}; ${attributes}${isSecure ? '; Secure' : ''}`;
  }
}
