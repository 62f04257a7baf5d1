import { proto } from '@whiskeysockets/baileys';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Origin } from './parse-message.ts';
import { reduceMessage } from './reduce-message.ts';

/** A message as text: enough to quote it, react to it and download its file after a restart. */
export function freezeMessage(message: IncomingMessage): string {
  const origin = message.origin as Origin | undefined;
  if (origin === undefined) return JSON.stringify(message);
  const bytes = proto.Message.encode(origin.message).finish();
  const kept = proto.Message.encode(reduceMessage(origin.message, bytes.length)).finish();
  return JSON.stringify({ ...message, origin: { ...origin, message: Buffer.from(kept).toString('base64') } });
}

/** The message that was frozen; undefined if the text is damaged. */
export function thawMessage(text: string): IncomingMessage | undefined {
  try {
    const frozen = JSON.parse(text) as IncomingMessage & { origin: Origin & { message: string } };
    if (frozen.origin === undefined) return { ...frozen, origin: undefined };
    const message = proto.Message.decode(Buffer.from(frozen.origin.message, 'base64'));
    return { ...frozen, origin: { ...frozen.origin, message } satisfies Origin };
  } catch {
    return undefined;
  }
}
