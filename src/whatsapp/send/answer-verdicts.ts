import { isBoom } from '@hapi/boom';

/** What was asked of WhatsApp. */
export type Request = 'message' | 'group' | 'people' | 'download' | 'upload';

/** What WhatsApp or the library reported. */
export type Answer =
  /** The error of an `<ack>`, the code of an `<error>` in a query's answer, or the HTTP status of a media host. */
  | { readonly kind: 'error'; readonly code: number }
  /** No answer in time. */
  | { readonly kind: 'silence' }
  /** WhatsApp knows no device of the person. */
  | { readonly kind: 'no-devices' }
  /** Error 400 for a message that was sent to the LID in place of the number: the account is not moved to LIDs yet. */
  | { readonly kind: 'lid-refused' }
  /** WhatsApp closed the connection each time that this message was sent. */
  | { readonly kind: 'closed-each-time' }
  /** WhatsApp closed the connection again and again after messages to this chat. */
  | { readonly kind: 'chat-closes' }
  /** The library failed without an answer of WhatsApp. */
  | { readonly kind: 'failure' };

/** What follows from an answer. */
export type Verdict =
  /** Final: the same request gets the same answer. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The request may succeed after a wait. After `tries` such answers it counts as refused. */
  | { readonly kind: 'later'; readonly waitMs: number; readonly tries: number; readonly why: string }
  /** The connection does not answer. It is not the fault of the request. */
  | { readonly kind: 'dead' };

/**
 * Sorts every answer to a send, a query, a download or an upload. Sends, group queries, downloads, reminders and
 * `POST /messages` all follow it.
 *
 * Sources: `NACK_REASONS` and `SERVER_ERROR_CODES` in `lib/Utils/decode-wa-message.js` of Baileys 7.0.0-rc14;
 * `send.go` and `errors.go` of tulir/whatsmeow; Baileys#2688, #2698, #2794 for 463 and 479.
 */
export function sortAnswer(request: Request, answer: Answer): Verdict {
  switch (answer.kind) {
    case 'silence':
      return { kind: 'dead' };
    case 'failure':
      return later(1_000, 20, 'The library could not carry the request out.');
    case 'lid-refused':
      return later(0, 1, 'WhatsApp does not accept the LID of this person yet.');
    case 'no-devices':
      return refused('This person is not on WhatsApp.');
    case 'closed-each-time':
      return refused('WhatsApp closed the connection each time that this message was sent.');
    case 'chat-closes':
      return refused('WhatsApp closed the connection after each of the last messages to this chat.');
    case 'error':
      return sortError(request, answer.code);
  }
}

function sortError(request: Request, code: number): Verdict {
  const known = (request === 'upload' ? UPLOAD_CODES[code] : undefined) ?? CODES[code];
  if (code === 404 || code === 410) return refused(GONE[request]);
  if (known) return known;
  // Errors of the service itself may pass; everything else is about this request.
  if (code >= 500 && code < 550) return later(5_000, 5, 'WhatsApp has an internal error.');
  return refused(`WhatsApp refused this with error ${code}.`);
}

const refused = (why: string): Verdict => ({ kind: 'refused', why });
const later = (waitMs: number, tries: number, why: string): Verdict => ({
  kind: 'later',
  waitMs,
  tries,
  why,
});

const GONE: Readonly<Record<Request, string>> = {
  message: 'The chat does not exist any more.',
  group: 'The group does not exist any more.',
  people: 'This person is not on WhatsApp.',
  download: 'The file is no longer on the media host.',
  upload: 'The media host does not take this file.',
};

const CODES: Readonly<Record<number, Verdict>> = {
  400: refused('WhatsApp says that the request is malformed.'),
  401: refused('The account may not do this.'),
  403: refused('The account may not write to this chat or read it.'),
  405: refused('WhatsApp does not allow this here.'),
  406: refused('WhatsApp does not accept this message.'),
  408: later(5_000, 3, 'WhatsApp took too long.'),
  // The list of devices or the addressing of the group was out of date; it is looked up again.
  409: later(1_000, 2, 'The list of devices was out of date.'),
  421: later(1_000, 2, 'The addressing of the group was out of date.'),
  429: later(60_000, 5, 'WhatsApp limits how often this may be done.'),
  // The privacy token or the LID of the person is missing. Both are fetched before the one further try: each try
  // counts as a contact with a stranger, so more of them would make a restriction of the account worse.
  463: later(1_000, 1, 'WhatsApp does not let the account begin chats with this person.'),
  475: refused('WhatsApp limits how many new chats the account may begin.'),
  479: refused('WhatsApp says that the message is not valid.'),
  503: later(10_000, 5, 'WhatsApp is not available.'),
};

/** What a media host means by another code than WhatsApp's server does. */
const UPLOAD_CODES: Readonly<Record<number, Verdict>> = {
  // The key of the uploads has expired; a new one is asked for before the next try.
  401: later(1_000, 3, 'The media host does not accept the key for uploads.'),
  403: refused('The media host does not take this file.'),
  413: refused('The file is too large for WhatsApp.'),
  415: refused('WhatsApp does not take files of this kind.'),
};

/** The answer in an error that the library threw: WhatsApp's code of a query, or a failure without one. */
export function answerIn(error: unknown): Answer {
  // Baileys has its own copy of the package, so the mark counts and not the class.
  if (!isBoom(error)) return { kind: 'failure' };
  const data: unknown = error.data;
  if (typeof data === 'number' && data > 0) return { kind: 'error', code: data };
  // A query that got no answer in time, or whose connection was closed.
  const { statusCode } = error.output;
  return statusCode === 408 || statusCode === 428 ? { kind: 'silence' } : { kind: 'failure' };
}

/** A short word for logs and counters: WhatsApp's code, or the kind of the answer. */
export const codeOf = (answer: Answer): string =>
  answer.kind === 'error' ? String(answer.code) : answer.kind;
