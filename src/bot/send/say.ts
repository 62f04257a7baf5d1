import { AppError } from '../../core/errors.ts';
import type { ContactCard } from '../../core/messages/incoming-message.ts';
import type { Content } from '../../core/messages/outgoing-message.ts';
import { MAX_TEXT_LENGTH } from '../../core/plain-text.ts';
import { checkShape } from './check-say.ts';
import { withStickerPack } from './sticker-pack.ts';

/** Largest file that a command may send. */
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** An image. `viewOnce`: it can be looked at once only. */
export type SayImage = {
  readonly image: Uint8Array;
  readonly caption?: string;
  readonly mimetype?: string;
  readonly mentions?: readonly { readonly jid: string }[];
  readonly viewOnce?: boolean;
};

/** A video. `gif`: it plays again and again without sound. `videoNote`: it is shown as a round video note. */
export type SayVideo = {
  readonly video: Uint8Array;
  readonly caption?: string;
  readonly mimetype?: string;
  readonly mentions?: readonly { readonly jid: string }[];
  readonly gif?: boolean;
  readonly videoNote?: boolean;
  readonly viewOnce?: boolean;
};

type KeysOf<T> = T extends unknown ? keyof T : never;

/** One of the shapes, with no field of the others. The compiler names a field that does not belong to the shape. */
export type OneOf<T, All = T> = T extends unknown
  ? T & { readonly [K in Exclude<KeysOf<All>, keyof T>]?: never }
  : never;

/**
 * What a handler can send: a text, or the fields of one shape and no field of another. A sticker is a WebP, still or
 * animated; a voice note is Ogg Opus, its waveform 64 values from 0 to 100. An album has 2 to 30 images and videos.
 * `mentionAll` notifies all members of a group. These are refused with `SEND_REFUSED` before they leave: a text that is
 * blank or has more than 65,536 characters (it is not split into parts), a file of no bytes or of more than 64 MiB, a
 * poll that WhatsApp would not show, and an unknown field.
 */
export type Say = string | OneOf<SayShape>;

/** What a message can be, besides a text. */
export type SayShape =
  | {
      readonly text: string;
      readonly mentions?: readonly { readonly jid: string }[];
      readonly mentionAll?: boolean;
    }
  | SayImage
  | SayVideo
  | {
      readonly audio: Uint8Array;
      readonly mimetype?: string;
      readonly voice?: boolean;
      readonly seconds?: number;
      readonly waveform?: Uint8Array;
      readonly viewOnce?: boolean;
    }
  | { readonly sticker: Uint8Array; readonly pack?: string; readonly author?: string }
  | {
      readonly document: Uint8Array;
      readonly fileName: string;
      readonly mimetype?: string;
      readonly caption?: string;
    }
  | {
      readonly location: {
        readonly latitude: number;
        readonly longitude: number;
        readonly name?: string;
        readonly address?: string;
      };
    }
  | { readonly contacts: readonly ContactCard[] }
  | { readonly album: readonly OneOf<SayImage | SayVideo>[] }
  | { readonly poll: string; readonly options: readonly string[]; readonly maxChoices?: number };

/**
 * `say` in the form that the messenger takes. Throws `SEND_REFUSED` for what WhatsApp would drop or cut without an
 * error: an empty or overlong text, a file that is too large, a poll that is not valid.
 */
export function toContent(given: Say, mentionsIn: (text: string) => readonly string[]): Content {
  checkShape(given);
  const say: string | SayShape = given;
  if (typeof say === 'string') return textContent(say, mentionsIn(say));
  if ('album' in say) refuse('An album is sent as several messages.');
  if ('text' in say) return textContent(say.text, mentionsOf(say.text, say.mentions, mentionsIn));
  if ('poll' in say) return pollContent(say.poll, say.options, say.maxChoices ?? 1);
  if ('location' in say) return locationContent(say.location);
  if ('contacts' in say) return contactsContent(say.contacts);
  if ('image' in say || 'video' in say) return pictureContent(say, mentionsIn);
  if ('audio' in say) {
    const { voice, seconds, waveform, viewOnce } = say;
    return {
      kind: 'audio',
      data: checkedData(say.audio),
      ...extras(say),
      ...(voice && { as: 'voice' as const, mimetype: say.mimetype ?? 'audio/ogg; codecs=opus' }),
      ...(seconds !== undefined && { seconds }),
      ...(waveform !== undefined && { waveform }),
      ...(viewOnce && { isViewOnce: true }),
    };
  }
  if ('sticker' in say) {
    const data = withStickerPack(checkedData(say.sticker), say.pack, say.author);
    return { kind: 'sticker', data, mimetype: 'image/webp' };
  }
  return { kind: 'document', data: checkedData(say.document), fileName: say.fileName, ...extras(say) };
}

function pictureContent(say: SayImage | SayVideo, mentionsIn: (text: string) => readonly string[]): Content {
  const mentions = mentionsOf(say.caption ?? '', say.mentions, mentionsIn);
  const rest = {
    ...extras(say),
    ...(mentions.length > 0 && { mentions }),
    ...(say.viewOnce && { isViewOnce: true }),
  };
  if ('image' in say) return { kind: 'image', data: checkedData(say.image), ...rest };
  const as = say.gif ? { as: 'gif' as const } : say.videoNote ? { as: 'video-note' as const } : {};
  return { kind: 'video', data: checkedData(say.video), ...rest, ...as };
}

function mentionsOf(
  text: string,
  named: readonly { readonly jid: string }[] | undefined,
  mentionsIn: (text: string) => readonly string[],
): string[] {
  return [...new Set([...mentionsIn(text), ...(named ?? []).map(({ jid }) => jid)])];
}

function locationContent(place: Extract<SayShape, { location: unknown }>['location']): Content {
  const { latitude, longitude } = place;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180))
    refuse('A location needs a latitude from -90 to 90 and a longitude from -180 to 180.');
  return { kind: 'location', ...place };
}

function contactsContent(contacts: readonly ContactCard[]): Content {
  if (contacts.length === 0 || contacts.length > 50) refuse('1 to 50 contacts can be sent at once.');
  for (const { name, numbers } of contacts) {
    if (name.trim() === '' || !numbers.every((number) => /^\d{5,20}$/.test(number)))
      refuse('A contact needs a name, and its phone numbers must be digits with the country code first.');
  }
  return { kind: 'contacts', contacts };
}

function textContent(text: string, mentions: readonly string[]): Content {
  if (text.trim() === '') refuse('The text is empty. Send a text.');
  checkLength(text);
  return mentions.length === 0
    ? { kind: 'text', text }
    : { kind: 'text', text, mentions: [...new Set(mentions)] };
}

/** What WhatsApp takes. */
export const POLL_LIMITS = {
  questionLength: 255,
  optionLength: 100,
  fewestOptions: 2,
  mostOptions: 12,
} as const;

function pollContent(question: string, options: readonly string[], maxChoices: number): Content {
  const { questionLength, optionLength, fewestOptions, mostOptions } = POLL_LIMITS;
  if (question.trim() === '' || question.length > questionLength)
    refuse(`A poll needs a question of at most ${questionLength} characters.`);
  if (options.length < fewestOptions || options.length > mostOptions)
    refuse(`A poll needs ${fewestOptions} to ${mostOptions} options.`);
  if (options.some((option) => option.trim() === '' || option.length > optionLength)) {
    refuse(`An option of a poll needs 1 to ${optionLength} characters.`);
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
    refuse(`The file has ${data.length} bytes. Send 1 to ${MAX_UPLOAD_BYTES} bytes.`);
  }
  return data;
}

function refuse(text: string): never {
  throw new AppError('SEND_REFUSED', text);
}
