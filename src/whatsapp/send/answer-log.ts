import type { Logger } from 'pino';
import type { AppError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { noteRefusal } from '../../core/refusal-counts.ts';
import { type Answer, codeOf, type Request, sortAnswer } from './answer-verdicts.ts';
import { later, notSent, refused } from './send-errors.ts';

const keyOf = (request: Request, id: string): string => `${request} ${id}`;

/**
 * Turns WhatsApp's answers into errors for the caller, by the list of cases in answer-verdicts.ts. Counts and logs each
 * refusal by its code. Outlives connections, so that the number of tries is counted over all of them.
 */
export class AnswerLog {
  readonly #log: Logger;
  readonly #tries = new RecentMap<{ readonly code: string; readonly tries: number }>(
    LIMITS['recent:answers'].count / 2,
  );

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The request succeeded, so its next failure is the first one. */
  answered(request: Request, id: string): void {
    this.#tries.delete(keyOf(request, id));
  }

  /** `SEND_REFUSED` if the answer is final, else `SEND_TIMEOUT`. `id`: of the message, or of what was queried. */
  errorFor(request: Request, id: string, answer: Answer, cause?: unknown): AppError {
    const verdict = sortAnswer(request, answer);
    if (verdict.kind === 'dead') return notSent(cause ?? new Error('WhatsApp did not answer'));
    const code = codeOf(answer);
    const facts = {
      request,
      code,
      ...(request === 'message' || request === 'upload' ? { messageId: id } : {}),
    };
    const key = keyOf(request, id);
    const before = this.#tries.get(key);
    const tries = before?.code === code ? before.tries + 1 : 1;
    if (answer.kind !== 'failure') noteRefusal(code);
    if (verdict.kind === 'later' && tries <= verdict.tries) {
      this.#tries.set(key, { code, tries });
      const level = answer.kind === 'failure' ? 'debug' : 'warn';
      const waitMs = verdict.waitMs;
      this.#log[level]({ ...facts, tries, waitMs }, 'WhatsApp refused a request for now; it is tried again');
      return later(verdict.why, code, verdict.waitMs, cause);
    }
    // Another request of the same kind has tries of its own: a group may be asked for again tomorrow.
    this.#tries.delete(key);
    this.#log.warn(facts, `WhatsApp refused a request for good: ${verdict.why}`);
    return refused(verdict.why, code, cause);
  }
}
