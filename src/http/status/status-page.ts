import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { send } from '../respond.ts';
import { loginPage, statusPage } from './page/markup.ts';
import { SCRIPT } from './page/script.ts';
import { STYLE } from './page/style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows exactly this style and this script, and loads nothing else. */
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const STATUS_PAGE = statusPage(STYLE, SCRIPT);
export const LOGIN_PAGE = loginPage(STYLE, false);
export const LOGIN_FAILED_PAGE = loginPage(STYLE, true);

export function sendPage(response: ServerResponse, status: number, page: string): void {
  send(
    response,
    status,
    { type: 'text/html; charset=utf-8', text: page },
    { 'Content-Security-Policy': PAGE_POLICY },
  );
}
