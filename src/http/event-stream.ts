import type { ServerResponse } from 'node:http';
import { Problem } from './problem.ts';
import type { StatusSource } from './status-source.ts';
import { toView } from './status-view.ts';

export interface EventLimits {
  readonly maxListeners: number;
  /** How often counters are looked at. */
  readonly lookEveryMs: number;
  /** A listener that hears nothing for two of these takes the connection for dead. */
  readonly beatEveryMs: number;
  /** A reader that lags behind by this much is cut off. */
  readonly maxUnreadBytes: number;
}

/**
 * Server-sent events for the page (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each event is
 * the whole view, so a listener that comes back needs nothing it missed.
 */
export class EventStream {
  readonly #status: StatusSource;
  readonly #limits: EventLimits;
  readonly #listeners = new Set<ServerResponse>();
  #lastView = '';
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: (() => void) | undefined;
  #isStopped = false;

  constructor(status: StatusSource, limits: EventLimits) {
    this.#status = status;
    this.#limits = limits;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Throws a `Problem` (503) where too many listen already. */
  open(response: ServerResponse): void {
    if (this.#isStopped || this.#listeners.size >= this.#limits.maxListeners) {
      throw new Problem(503, 'Too many pages are open. Close one.', { 'Retry-After': '10' });
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      Connection: 'close',
      // Proxies that gather a response before they pass it on would gather for ever.
      'X-Accel-Buffering': 'no',
    });
    this.#listeners.add(response);
    response.on('close', () => this.#forget(response));
    response.on('error', () => this.#forget(response));
    if (this.#timers.length === 0) this.#startLooking();
    this.#write(response, 'retry: 2000\n\n');
    this.#write(response, this.#look().frame);
  }

  /** Tells everybody the last state and ends. */
  stop(): void {
    if (this.#isStopped) return;
    this.#publish();
    this.#isStopped = true;
    this.#stopLooking();
    for (const response of this.#listeners) response.end();
  }

  #startLooking(): void {
    const { lookEveryMs, beatEveryMs } = this.#limits;
    this.#timers = [
      setInterval(() => this.#publish(), lookEveryMs).unref(),
      setInterval(() => this.#writeAll('event: beat\ndata:\n\n'), beatEveryMs).unref(),
    ];
    this.#unsubscribe = this.#status.onChange(() => this.#publish());
  }

  #stopLooking(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #look(): { readonly view: string; readonly frame: string } {
    const snapshot = this.#status.snapshot();
    const view = JSON.stringify(toView(snapshot));
    return { view, frame: `event: status\ndata: {"nowMs":${snapshot.nowMs},"view":${view}}\n\n` };
  }

  #publish(): void {
    if (this.#isStopped || this.#listeners.size === 0) return;
    const { view, frame } = this.#look();
    if (view === this.#lastView) return;
    this.#lastView = view;
    this.#writeAll(frame);
  }

  #writeAll(frame: string): void {
    for (const response of this.#listeners) this.#write(response, frame);
  }

  #write(response: ServerResponse, frame: string): void {
    response.write(frame);
    if (response.writableLength > this.#limits.maxUnreadBytes) response.destroy();
  }

  #forget(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size === 0) this.#stopLooking();
  }
}
