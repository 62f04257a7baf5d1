import type { ServerResponse } from 'node:http';
import type { Problem } from './problem.ts';

/**
 * For every response: other sites must not frame, embed or read it, and caches must not keep it.
 * https://owasp.org/www-project-secure-headers/
 */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Not `no-referrer`: browsers would then send `Origin: null` with our own form.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
}

export interface Body {
  readonly type: string;
  readonly text: string;
}

/** Answers with a whole body. Node leaves the body out if the request was a HEAD. */
export function send(
  response: ServerResponse,
  status: number,
  body: Body,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(body.text);
  response.writeHead(status, {
    'Content-Type': body.type,
    'Content-Length': String(bytes.length),
    ...headers,
  });
  response.end(bytes);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(
    response,
    status,
    { type: 'application/json; charset=utf-8', text: `${JSON.stringify(value)}\n` },
    headers,
  );
}

export function sendProblem(response: ServerResponse, problem: Problem): void {
  sendJson(response, problem.status, { error: problem.message, ...problem.details }, problem.headers);
}
