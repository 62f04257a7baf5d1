import type { ServerResponse } from 'node:http';
import type { TokenLogin } from './access/token-login.ts';
import type { Exchange, Route } from './exchange.ts';
import type { PostMessages } from './messages/post-messages.ts';
import { send, sendJson } from './respond.ts';
import type { EventStream } from './status/event-stream.ts';
import type { Metrics } from './status/metrics.ts';
import { readinessOf } from './status/readiness.ts';
import { STATUS_PAGE, sendPage } from './status/status-page.ts';
import type { StatusSource } from './status/status-source.ts';

export interface RouteParts {
  readonly status: StatusSource;
  readonly events: EventStream;
  readonly metrics: Metrics;
  readonly messages: PostMessages;
  /** Undefined if no token is set. */
  readonly login: TokenLogin | undefined;
}

/** All addresses. A path is only compared with these; it never becomes a file name. */
export function makeRoutes({
  status,
  events,
  metrics,
  messages,
  login,
}: RouteParts): ReadonlyMap<string, Route> {
  const open = { method: 'GET', access: 'signed-in', isOwnOriginOnly: false, isPage: false } as const;
  const routes = new Map<string, Route>([
    ['/', { ...open, isPage: true, handle: ({ response }) => sendPage(response, 200, STATUS_PAGE) }],
    ['/events', { ...open, isOwnOriginOnly: true, handle: (exchange) => openEvents(exchange, events) }],
    [
      '/healthz',
      { ...open, access: 'anyone', handle: ({ response }) => sendJson(response, 200, { ok: true }) },
    ],
    ['/readyz', { ...open, handle: ({ response }) => sendReadiness(response, status) }],
    ['/metrics', { ...open, handle: ({ response }) => sendMetrics(response, metrics) }],
    [
      '/messages',
      {
        method: 'POST',
        access: 'token',
        isOwnOriginOnly: true,
        isPage: false,
        handle: (exchange) => messages.post(exchange),
      },
    ],
  ]);
  if (login !== undefined) {
    const handle = (exchange: Exchange) => login.post(exchange);
    routes.set('/login', { method: 'POST', access: 'anyone', isOwnOriginOnly: true, isPage: false, handle });
  }
  return routes;
}

function openEvents({ request, response }: Exchange, events: EventStream): void {
  if (request.method === 'HEAD') response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end();
  else events.open(response);
}

function sendReadiness(response: ServerResponse, status: StatusSource): void {
  const readiness = readinessOf(status.snapshot());
  sendJson(response, readiness.ready ? 200 : 503, readiness);
}

async function sendMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  send(response, 200, { type: metrics.contentType, text: await metrics.text() });
}
