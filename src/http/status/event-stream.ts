import type { ServerResponse } from 'node:http';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { Problem } from '../problem.ts';
import type { StatusSource } from './status-source.ts';
import { toView } from './status-view.ts';

export interface EventLimits {
  readonly maxListeners: number;
  /** How often changed counters are looked for. */
  readonly lookEveryMs: number;
  /** How often a listener gets a sign of life. If two are missing, the page takes the connection for lost. */
  readonly beatEveryMs: number;
  /** A listener with more unread bytes is disconnected. */
  readonly maxUnreadBytes: number;
}

/**
 * Server-sent events for the page (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each event is
 * the whole view, so a listener that connects again lacks no change.
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

  /** Throws a `Problem` (503) if too many pages listen already, or if the stream is stopped. */
  open(response: ServerResponse): void {
    if (this.#isStopped) throw new Problem(503, 'The bot is stopping.', { 'Retry-After': '10' });
    if (this.#listeners.size >= this.#limits.maxListeners) {
      noteLimitReached('http:pages');
      throw new Problem(503, 'Too many pages are open. Close one.', { 'Retry-After': '10' });
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      Connection: 'close',
      // A proxy that buffers responses would never pass this one on.
      'X-Accel-Buffering': 'no',
    });
    this.#listeners.add(response);
    response.on('close', () => this.#forget(response));
    response.on('error', () => this.#forget(response));
    if (this.#timers.length === 0) this.#startLooking();
    this.#write(response, 'retry: 2000\n\n');
    this.#write(response, this.#look().frame);
  }

  /** Sends the last state to all listeners and ends their responses. */
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
    if (response.writableLength <= this.#limits.maxUnreadBytes) return;
    noteLimitReached('http:pages');
    response.destroy();
  }

  #forget(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size === 0) this.#stopLooking();
  }
}
