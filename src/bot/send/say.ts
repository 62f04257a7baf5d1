import { AppError } from '../../core/errors.ts';
import type { Content } from '../../core/messages.ts';
import { MAX_TEXT_LENGTH } from '../../core/text.ts';

/** Largest file that a command may send. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/**
 * What a handler can send; a string is a text, and a sticker is a WebP. Refused with `SEND_REFUSED` before it leaves:
 * a text that is blank or has more than 65,536 characters (it is not split into parts), a file of no bytes or of more
 * than 64 MiB, a poll that WhatsApp would not show.
 */
export type Say =
  | string
  | { readonly text: string; readonly mentions?: readonly { readonly jid: string }[] }
  | { readonly image: Uint8Array; readonly caption?: string; readonly mimetype?: string }
  | { readonly video: Uint8Array; readonly caption?: string; readonly mimetype?: string }
  | { readonly audio: Uint8Array; readonly mimetype?: string }
  | { readonly sticker: Uint8Array }
  | {
      readonly document: Uint8Array;
      readonly fileName: string;
      readonly mimetype?: string;
      readonly caption?: string;
    }
  | { readonly poll: string; readonly options: readonly string[]; readonly maxChoices?: number };

/**
 * `say` in the form that the messenger takes. Throws `SEND_REFUSED` for what WhatsApp would drop or cut without an
 * error: an empty or overlong text, a file that is too large, a poll that is not valid.
 */
export function toContent(say: Say, mentionsIn: (text: string) => readonly string[]): Content {
  if (typeof say === 'string') return textContent(say, mentionsIn(say));
  if ('text' in say) {
    return textContent(say.text, [...mentionsIn(say.text), ...(say.mentions ?? []).map(({ jid }) => jid)]);
  }
  if ('poll' in say) return pollContent(say.poll, say.options, say.maxChoices ?? 1);
  if ('image' in say) return { kind: 'image', data: checkedData(say.image), ...extras(say) };
  if ('video' in say) return { kind: 'video', data: checkedData(say.video), ...extras(say) };
  if ('audio' in say) return { kind: 'audio', data: checkedData(say.audio), ...extras(say) };
  if ('sticker' in say) return { kind: 'sticker', data: checkedData(say.sticker), mimetype: 'image/webp' };
  return { kind: 'document', data: checkedData(say.document), fileName: say.fileName, ...extras(say) };
}

function textContent(text: string, mentions: readonly string[]): Content {
  if (text.trim() === '') refuse('A message without text was to be sent. Say something, or do not send.');
  checkLength(text);
  return mentions.length === 0
    ? { kind: 'text', text }
    : { kind: 'text', text, mentions: [...new Set(mentions)] };
}

function pollContent(question: string, options: readonly string[], maxChoices: number): Content {
  if (question.trim() === '' || question.length > 255)
    refuse('A poll needs a question of at most 255 characters.');
  if (options.length < 2 || options.length > 12) refuse('A poll needs 2 to 12 options.');
  if (options.some((option) => option.trim() === '' || option.length > 100)) {
    refuse('An option of a poll needs 1 to 100 characters.');
  }
  if (new Set(options).size < options.length) refuse('The options of a poll must differ.');
  return { kind: 'poll', question, options, maxChoices: Math.min(Math.max(1, maxChoices), options.length) };
}

function extras(say: { readonly caption?: string; readonly mimetype?: string }): {
  caption?: string;
  mimetype?: string;
} {
  if (say.caption !== undefined) checkLength(say.caption);
  return {
    ...(say.caption === undefined ? {} : { caption: say.caption }),
    ...(say.mimetype === undefined ? {} : { mimetype: say.mimetype }),
  };
}

function checkLength(text: string): void {
  if (text.length > MAX_TEXT_LENGTH) {
    refuse(
      `The text has ${text.length} characters, WhatsApp takes ${MAX_TEXT_LENGTH}. Shorten it, or send a document.`,
    );
  }
}

function checkedData(data: Uint8Array): Uint8Array {
  if (data.length === 0 || data.length > MAX_UPLOAD_BYTES) {
    refuse(`A file of ${data.length} bytes was to be sent; 1 to ${MAX_UPLOAD_BYTES} are allowed.`);
  }
  return data;
}

function refuse(text: string): never {
  throw new AppError('SEND_REFUSED', text);
}
