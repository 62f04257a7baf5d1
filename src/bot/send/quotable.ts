import type { IncomingMessage } from '../../core/messages/incoming-message.ts';

/** The message if phones show it in a chat, so that it can be quoted: a reaction, a vote or a deletion is not shown. */
export const quotable = (message: IncomingMessage): IncomingMessage | undefined =>
  message.event === undefined || message.event.kind === 'edited' ? message : undefined;
