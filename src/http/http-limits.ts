import { LIMITS } from '../core/limits/limits.ts';
import type { ConnectionLimits } from './connection-limit.ts';
import type { EventLimits } from './status/event-stream.ts';

/** The limits for callers: time, memory, connections. */
export interface HttpLimits extends EventLimits, ConnectionLimits {
  /** For all headers of a request. */
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** For a connection without any traffic. */
  readonly idleMs: number;
  /** How often callers that are too slow are looked for. */
  readonly checkEveryMs: number;
  /** How long `POST /messages` waits for WhatsApp. */
  readonly sendWaitMs: number;
  /** How long open pages get to read the last state when the bot stops. */
  readonly closePagesWithinMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  headersMs: LIMITS['http:headers'].timeMs,
  requestMs: LIMITS['http:body'].timeMs,
  keepAliveMs: 5_000,
  idleMs: LIMITS['http:connections'].timeMs,
  checkEveryMs: 1_000,
  maxConnections: LIMITS['http:connections'].count,
  maxPerAddress: LIMITS['http:address'].count,
  sendWaitMs: 5_000,
  closePagesWithinMs: 100,
  maxListeners: LIMITS['http:pages'].count,
  lookEveryMs: 1_000,
  beatEveryMs: 10_000,
  maxUnreadBytes: LIMITS['http:pages'].bytesEach,
};
