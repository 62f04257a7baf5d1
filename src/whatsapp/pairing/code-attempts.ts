import { MINUTE_MS } from '../../core/limits/limit-units.ts';

/**
 * How many codes in a row are offered without a pause. WhatsApp refuses for hours after about seven
 * (whatsapp-web.js#3763).
 */
const CODES_AT_ONCE = 3;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;
/**
 * How many codes in a row must end without a link before the person gets a hint. The hint comes again after as many
 * more.
 */
const FRUITLESS_BEFORE_HINT = 3;

/** What became of the pairing codes so far. */
export interface CodeAttempts {
  /** Codes in a row that were offered and did not lead to a link. */
  readonly fruitless: number;
  /** Requests for a code in a row that WhatsApp refused, or did not answer. */
  readonly refused: number;
  /** When the next code may be asked for, by the client's clock. */
  readonly nextAtMs: number;
}

const NO_ATTEMPTS: CodeAttempts = { fruitless: 0, refused: 0, nextAtMs: 0 };

/** After a code that ended without a link. The first three are followed at once, then the pauses grow. */
export function recordFruitless(before: CodeAttempts, nowMs: number): CodeAttempts {
  const fruitless = before.fruitless + 1;
  const pauses = fruitless - CODES_AT_ONCE;
  return { fruitless, refused: 0, nextAtMs: nowMs + (pauses < 0 ? 0 : pauseMs(pauses)) };
}

/** After a request that WhatsApp refused, or did not answer. The pauses grow. */
export function recordRefused(before: CodeAttempts, nowMs: number): CodeAttempts {
  const refused = before.refused + 1;
  return { ...before, refused, nextAtMs: nowMs + pauseMs(refused - 1) };
}

/** Whether the person needs to hear why codes may not work, and what else there is. */
export function needsHint({ fruitless }: CodeAttempts): boolean {
  return fruitless > 0 && fruitless % FRUITLESS_BEFORE_HINT === 0;
}

const pauseMs = (times: number): number => Math.min(MINUTE_MS * 2 ** Math.min(times, 16), LONGEST_PAUSE_MS);

/** The pairing attempts of one client, kept over its connections. */
export class PairingHistory {
  attempts: CodeAttempts = NO_ATTEMPTS;
}
