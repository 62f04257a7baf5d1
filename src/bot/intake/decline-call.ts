import type { IncomingMessage } from '../../core/incoming-message.ts';
import type { Messenger } from '../../core/messenger.ts';
import type { HandlerRunner } from '../run/handler-runner.ts';
import type { RunResult } from '../run/run-result.ts';

/**
 * Declines a call and answers with `sentence`. If the call cannot be declined any more, the sentence is sent all the
 * same.
 */
export async function declineCall(
  message: IncomingMessage,
  sentence: string,
  messenger: Messenger,
  runner: HandlerRunner,
): Promise<RunResult> {
  const { event, chat } = message;
  if (event?.kind === 'call') await messenger.declineCall?.(event.callId, chat).catch(() => undefined);
  return runner.notify(message, 'declined', sentence);
}
