import type { Logger } from 'pino';
import type { AppError } from '../../core/errors.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { noteRefusal } from '../../core/refusals.ts';
import { type Answer, codeOf, type Request, sortAnswer } from './answers.ts';
import { later, notSent, refused } from './send-errors.ts';

const REMEMBERED = 1_000;

/**
 * Turns WhatsApp's answers into errors for the caller, by the table in answers.ts. Counts and logs each refusal by its
 * code. Outlives connections, so that the number of tries is counted over all of them.
 */
export class AnswerLog {
  readonly #log: Logger;
  readonly #tries = new RecentMap<number>(REMEMBERED);

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `SEND_REFUSED` if the answer is final, else `SEND_TIMEOUT`. `id`: of the message, or of what was queried. */
  errorFor(request: Request, id: string, answer: Answer, cause?: unknown): AppError {
    const verdict = sortAnswer(request, answer);
    if (verdict.kind === 'dead') return notSent(cause ?? new Error('WhatsApp did not answer'));
    const code = codeOf(answer);
    const facts = { request, code, ...(request === 'message' ? { messageId: id } : {}) };
    const key = `${request} ${id} ${code}`;
    const tries = (this.#tries.get(key) ?? 0) + 1;
    if (answer.kind !== 'failure') noteRefusal(code);
    if (verdict.kind === 'later' && tries <= verdict.tries) {
      this.#tries.set(key, tries);
      const level = answer.kind === 'failure' ? 'debug' : 'warn';
      const waitMs = verdict.waitMs;
      this.#log[level]({ ...facts, tries, waitMs }, 'WhatsApp refused a request for now; it is tried again');
      return later(verdict.why, code, verdict.waitMs, cause);
    }
    this.#log.warn(facts, `WhatsApp refused a request for good: ${verdict.why}`);
    return refused(verdict.why, code, cause);
  }
}
