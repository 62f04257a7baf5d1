import type { CloseReason } from './close-reason.ts';

/** Failures that `doctor` explains: no DNS, a port that refuses, no route. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|EAI_NODATA|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)\b/;
/** After this number of them in a row the log says once to run `doctor`. */
const FAILURES_TO_TELL = 5;

/** Decides when the log should say to run `doctor`. */
export class DoctorHint {
  #failures = 0;

  /** Whether it is to be said after this close: at the fifth failure in a row to reach WhatsApp. */
  isDue(reason: CloseReason): boolean {
    const isUnreachable = reason.kind === 'network' && UNREACHABLE.test(reason.message);
    this.#failures = isUnreachable ? this.#failures + 1 : 0;
    return this.#failures === FAILURES_TO_TELL;
  }

  opened(): void {
    this.#failures = 0;
  }
}
