import type { ContactCard, IncomingMessage, MediaKind, Place } from './incoming-message.ts';

/** What a message says, checked: what `Say` becomes on its way to the messenger. */
export type Content =
  | { readonly kind: 'text'; readonly text: string; readonly mentions?: readonly string[] }
  | { readonly kind: 'reaction'; readonly emoji: string; readonly to: IncomingMessage | SentId }
  | {
      readonly kind: 'edit';
      readonly text: string;
      readonly mentions?: readonly string[];
      readonly to: SentId;
    }
  | { readonly kind: 'delete'; readonly to: SentId }
  | ({ readonly kind: 'location' } & Place)
  | { readonly kind: 'contacts'; readonly contacts: readonly ContactCard[] }
  /** Begins an album. Its images and videos follow. */
  | { readonly kind: 'album'; readonly images: number; readonly videos: number }
  | {
      readonly kind: MediaKind;
      readonly data: Uint8Array;
      readonly mimetype?: string;
      readonly caption?: string;
      readonly fileName?: string;
      readonly mentions?: readonly string[];
      /** Shown as a voice note, a looping GIF or a round video note. */
      readonly as?: 'voice' | 'gif' | 'video-note';
      readonly seconds?: number;
      /** 64 values from 0 to 100. */
      readonly waveform?: Uint8Array;
      readonly isViewOnce?: boolean;
      /** The album that it belongs to. */
      readonly album?: SentId;
    }
  | {
      readonly kind: 'poll';
      readonly question: string;
      readonly options: readonly string[];
      readonly maxChoices: number;
    };

/** WhatsApp's id of a message that the bot sent. */
export interface SentId {
  readonly sentId: string;
}

/** A message to send. Sent again with the same id it is the same message, and people see it once. */
export interface OutgoingMessage {
  /** WhatsApp's message id: the same id is the same message, whoever sends it again. */
  readonly id: string;
  readonly chat: string;
  readonly content: Content;
  readonly quote?: IncomingMessage | undefined;
  readonly expirationSeconds?: number | undefined;
}
