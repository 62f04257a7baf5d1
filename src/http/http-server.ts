import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpConfig } from '../config/config.ts';
import { isLoopback } from '../config/setting-kinds.ts';
import { AppError } from '../core/errors.ts';
import type { Table } from '../core/table.ts';
import type { Logger } from '../logging/logger.ts';
import { AccessRules } from './access/access-rules.ts';
import { HttpToken } from './access/http-token.ts';
import { RefusedTokenLog } from './access/refused-token-log.ts';
import { TokenLogin } from './access/token-login.ts';
import { ConnectionLimit } from './connection-limit.ts';
import { Dispatcher } from './dispatcher.ts';
import { DEFAULT_LIMITS, type HttpLimits } from './http-limits.ts';
import { unavailable } from './http-unavailable.ts';
import { type KeyRow, KnownKeys } from './messages/known-keys.ts';
import { PostMessages } from './messages/post-messages.ts';
import { makeRoutes } from './routes.ts';
import { EventStream } from './status/event-stream.ts';
import { Metrics } from './status/metrics.ts';
import type { SendText, StatusSource } from './status/status-source.ts';

export interface HttpServerOptions {
  readonly config: HttpConfig;
  readonly status: StatusSource;
  readonly sendText: SendText;
  /** The durable table of the keys of `POST /messages`. */
  readonly keys: Table<KeyRow>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly limits?: Partial<HttpLimits>;
}

/** Serves the status page, health checks, metrics and `POST /messages`. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #server: Server;
  readonly #events: EventStream;
  readonly #metrics: Metrics;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    const { config, status, sendText, log } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const refusals = new RefusedTokenLog(log);
    const token = config.token === undefined ? undefined : new HttpToken(config.token);
    const access = new AccessRules(config, token, refusals);
    const login = token && new TokenLogin(token, refusals);
    this.#events = new EventStream(status, this.#limits);
    this.#metrics = new Metrics(status);
    const messages = new PostMessages({
      status,
      sendText,
      keys: new KnownKeys(options.keys),
      log,
      waitMs: this.#limits.sendWaitMs,
    });
    const routes = makeRoutes({ status, events: this.#events, metrics: this.#metrics, messages, login });
    const dispatcher = new Dispatcher({ access, routes, login, log });
    this.#server = createServer(
      {
        headersTimeout: this.#limits.headersMs,
        requestTimeout: this.#limits.requestMs,
        keepAliveTimeout: this.#limits.keepAliveMs,
        connectionsCheckingInterval: this.#limits.checkEveryMs,
      },
      (request, response) => void dispatcher.serve(request, response),
    );
    new ConnectionLimit(this.#server, this.#limits);
    this.#server.timeout = this.#limits.idleMs;
  }

  /** The address of the page; undefined while the server does not listen. */
  get url(): string | undefined {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) return undefined;
    const { host } = this.#options.config;
    const isEverywhere = host === '0.0.0.0' || host === '::';
    const name = isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return `http://${name}:${address.port}`;
  }

  /** Resolves when the server listens. Rejects with `HTTP_UNAVAILABLE`; the bot must then run without it. */
  start(): Promise<void> {
    this.#starting ??= this.#listen();
    return this.#starting;
  }

  /** Sends the last state to the open pages, then ends every connection. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #listen(): Promise<void> {
    const { config, log } = this.#options;
    const { host, port, token } = config;
    if (token === undefined && !isLoopback(host)) {
      throw new AppError(
        'HTTP_UNAVAILABLE',
        `The bot runs without its status page: HTTP_HOST=${host} needs an HTTP_TOKEN.`,
      );
    }
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(port, host, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      throw unavailable(config, error);
    }
    this.#server.on('error', (error) => log.warn({ err: error }, 'the status page reported an error'));
  }

  async #shutDown(): Promise<void> {
    await this.#starting?.catch(() => {});
    this.#events.stop();
    this.#metrics.stop();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#server.closeAllConnections(), this.#limits.closePagesWithinMs);
    await closed;
    clearTimeout(timer);
  }
}
