import { ageMs } from './clock.ts';
import { DAY_MS } from './limits/limit-units.ts';
import { LIMITS } from './limits/limits.ts';

/** What WhatsApp answered when it was asked for a phone number that a person typed. */
export interface NumberAnswer {
  readonly atMs: number;
  /** The digits under which WhatsApp knows the account; null if it knows none. */
  readonly number: string | null;
}

/** A number may get another owner. */
const ASK_AGAIN_MS = 7 * DAY_MS;
/** Somebody may register the number, or WhatsApp may correct a wrong answer. */
const ASK_UNKNOWN_AGAIN_MS = DAY_MS;

/**
 * The number that stands for a typed one: WhatsApp's own form of it if that is known, else the typed one. One of the
 * two, never both: a number that only looks alike belongs to another person.
 */
export function numberMeant(typed: string, answer: NumberAnswer | undefined, nowMs: number): string {
  if (answer === undefined || ageMs(answer.atMs, nowMs) >= LIMITS['table:numbers'].timeMs) return typed;
  return answer.number ?? typed;
}

/** Whether WhatsApp must be asked for a typed number. */
export function mustAsk(answer: NumberAnswer | undefined, nowMs: number): boolean {
  if (answer === undefined) return true;
  return ageMs(answer.atMs, nowMs) >= (answer.number === null ? ASK_UNKNOWN_AGAIN_MS : ASK_AGAIN_MS);
}

/** The pause after this number of look-ups in a row that WhatsApp did not answer. */
export function pauseMs(failures: number): number {
  const { timeMs } = LIMITS['number-lookups'];
  return Math.min(timeMs, 60_000 * 2 ** Math.min(failures - 1, 16));
}

/** A number from the settings. `place` says where it is written: "OWNER_NUMBERS, entry 2". */
export interface ListedNumber {
  readonly number: string;
  readonly place: string;
}
