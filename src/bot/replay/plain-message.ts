import type { IncomingMessage } from '../../core/messages/incoming-message.ts';

/** What is kept of a message if the messenger has no way of its own. */
export const freezePlain = (message: IncomingMessage): string =>
  JSON.stringify({ ...message, origin: undefined });

export function thawPlain(text: string): IncomingMessage | undefined {
  try {
    return { origin: undefined, ...JSON.parse(text) } as IncomingMessage;
  } catch {
    return undefined;
  }
}
