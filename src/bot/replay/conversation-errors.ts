import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';

/**
 * A question got no answer in its time. If the handler does not catch it, the person is told, and the conversation
 * ends.
 */
export class AskTimeout extends Refusal {
  override readonly name = 'AskTimeout';

  constructor() {
    super(phrases.noAnswer);
  }
}

/** A step failed in an earlier run of the handler. Its message is the one of the original error. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}
