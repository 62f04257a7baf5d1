import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { noteOutcome } from '../../core/messages/message-records.ts';
import { phrases } from '../phrases.ts';
import type { HandlerRunner } from '../run/handler-runner.ts';
import type { RunResult } from '../run/run-result.ts';
import type { StoredConversation } from './conversation-row.ts';
import { waitingFor } from './conversation-row.ts';
import type { ConversationStore } from './conversation-store.ts';
import { isCancel, readAnswer } from './read-answer.ts';

export interface AnswerQuestionParts {
  readonly runs: ConversationStore;
  readonly log: Log;
  freeze(message: IncomingMessage): string;
  /** Whether the options of a question may be listed once more. */
  mayList(question: string): boolean;
  readonly runner: Pick<HandlerRunner, 'notify'>;
}

/**
 * Gives a message to the open conversation of its sender. Resolves with `answered` if it is an answer, which is on disk
 * then; with a result if it cancelled the conversation or fits no option; with undefined if the message is something
 * else.
 */
export async function answerQuestion(
  message: IncomingMessage,
  run: StoredConversation,
  parts: AnswerQuestionParts,
): Promise<'answered' | RunResult | undefined> {
  const { id, row } = run;
  const question = waitingFor(row);
  if (question?.kind !== 'ask') return isCancel(message) ? cancel(message, run, parts) : undefined;
  // By when it was sent: the bot may have been away.
  if (question.untilMs <= message.sentAtMs) return undefined;
  const reading = readAnswer(message, question);
  switch (reading.kind) {
    case 'none':
      return undefined;
    case 'unfit':
      noteOutcome(message.key, 'ran', row.handler.name);
      if (!parts.mayList(`${id}\n${row.idKey}\n${question.at}`)) return 'done';
      return parts.runner.notify(message, 'unfit', phrases.chooseOne(question.options ?? []));
    case 'cancel':
      return cancel(message, run, parts);
    case 'answer': {
      const { option } = reading;
      const answer = { kind: 'message', key: message.key, frozen: parts.freeze(message) } as const;
      try {
        await parts.runs.answer(id, row, { ...answer, ...(option !== undefined && { option }) });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return endAsTooLarge(message, run, parts);
      }
      return 'answered';
    }
  }
}

/** The answer does not fit into the log. */
async function endAsTooLarge(
  message: IncomingMessage,
  { id, row }: StoredConversation,
  { runs, log, runner }: AnswerQuestionParts,
): Promise<RunResult> {
  const { name, file } = row.handler;
  noteOutcome(message.key, 'failed', name);
  log.error({ name, file }, 'the log of a conversation is too large, so the conversation was ended');
  await runs.end(id);
  return runner.notify(message, 'too large', phrases.failed);
}

async function cancel(
  message: IncomingMessage,
  { id, row }: StoredConversation,
  { runs, runner }: AnswerQuestionParts,
): Promise<RunResult> {
  noteOutcome(message.key, 'ran', row.handler.name);
  await runs.end(id);
  return runner.notify(message, 'cancelled', phrases.cancelled);
}
