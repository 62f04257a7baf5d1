import type { IncomingMessage } from './incoming-message.ts';

/** The fields of a message that has no text, no file and no quote: a change of a group, a call, a schedule. */
export const EMPTY_MESSAGE = {
  text: '',
  mentions: [],
  quoted: undefined,
  media: undefined,
  quotedMedia: undefined,
  expirationSeconds: 0,
  edits: undefined,
  isFromBot: false,
  origin: undefined,
} satisfies Partial<IncomingMessage>;
