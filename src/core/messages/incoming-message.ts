/** A person, however WhatsApp addressed them. */
export interface Person {
  /** The one key of this person: the phone number's digits if it is known, else `lid:…`. */
  readonly id: string;
  /** The phone number, digits only, if WhatsApp told it. */
  readonly number: string | undefined;
  /** The address to mention or write to them, as this chat uses it. */
  readonly jid: string;
  /** The name they chose for themselves. Data from a stranger. */
  readonly name: string | undefined;
}

/** Commands run in `direct` chats and in a `group`. Messages of other kinds are ignored. */
export type ChatKind = 'direct' | 'group' | 'status' | 'broadcast' | 'newsletter' | 'other';

/** What a file is sent as. */
export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** Media that came with a message. All fields are claims of the sender. */
export interface IncomingMedia {
  /** What it is sent as. */
  readonly kind: MediaKind;
  /** Its type. */
  readonly mimetype: string;
  /** Its size, in bytes. */
  readonly sizeBytes: number | undefined;
  /** The file name, if it is a document. */
  readonly fileName: string | undefined;
}

/** What a message quotes, as its sender tells it: it may be forged. */
export interface Quoted {
  /** WhatsApp's id of the quoted message. */
  readonly id: string;
  /** Its text or caption. */
  readonly text: string;
  /** Who is said to have written it. */
  readonly senderJid: string | undefined;
}

/** A place that somebody sent. */
export interface Place {
  /** In degrees, north is positive. */
  readonly latitude: number;
  /** In degrees, east is positive. */
  readonly longitude: number;
  /** Its name, if the sender chose a named place. */
  readonly name?: string | undefined;
  /** Its address, if the sender chose a named place. */
  readonly address?: string | undefined;
}

/** Somebody's contact card. */
export interface ContactCard {
  /** The name on the card. */
  readonly name: string;
  /** The phone numbers on it, digits only. */
  readonly numbers: readonly string[];
}

/** A poll that somebody started. */
export interface PollQuestion {
  /** What it asks. */
  readonly question: string;
  /** What people can choose. */
  readonly options: readonly string[];
}

/**
 * What happened, if a message is not simply a new message. `target` is the id of the message that it is about: an edit
 * has the new words in `message.text`, an empty `emoji` takes a reaction back, and a vote without `options` takes the
 * vote back. `people` are those who joined, left, or became or are no longer admins; the sender is who did it.
 */
export type IncomingEvent =
  | { readonly kind: 'edited'; readonly target: string }
  | { readonly kind: 'deleted'; readonly target: string }
  | { readonly kind: 'reaction'; readonly target: string; readonly emoji: string }
  | { readonly kind: 'vote'; readonly target: string; readonly options: readonly string[] }
  | {
      readonly kind: 'joined' | 'left' | 'promoted' | 'demoted';
      readonly people: readonly Person[];
    }
  | { readonly kind: 'group-changed'; readonly what: 'subject' | 'description' | 'settings' }
  | { readonly kind: 'call'; readonly callId: string; readonly isVideo: boolean };

/** One message that somebody wrote. Plain data. */
export interface IncomingMessage {
  /** Unique for the account and the same after a restart: chat, sender and WhatsApp's id. */
  readonly key: string;
  /** WhatsApp's id. */
  readonly id: string;
  /** JID of the chat: where an answer goes. */
  readonly chat: string;
  /** What sort of chat it is. */
  readonly chatKind: ChatKind;
  /** Who wrote it. */
  readonly sender: Person;
  /** Whether the linked account itself wrote it, on another of its devices. */
  readonly isFromMe: boolean;
  /** Text or caption; empty if there is none. */
  readonly text: string;
  /**
   * When it was sent, to the second: milliseconds since 1970, by this machine's clock. WhatsApp dates messages by
   * its own; if the two differ by a minute or more, the difference is taken off.
   */
  readonly sentAtMs: number;
  /** JIDs that it mentions. */
  readonly mentions: readonly string[];
  /** What it answers. */
  readonly quoted: Quoted | undefined;
  /** Its file. */
  readonly media: IncomingMedia | undefined;
  /** The file of the message that it quotes. */
  readonly quotedMedia: IncomingMedia | undefined;
  /** Timer of a disappearing chat, in seconds; 0 if there is none. */
  readonly expirationSeconds: number;
  /** The id of the message that it edits, if it is an edit. */
  readonly edits: string | undefined;
  /** The place that it shows. */
  readonly location?: Place | undefined;
  /** The contact cards in it. */
  readonly contacts?: readonly ContactCard[] | undefined;
  /** The poll that it starts. */
  readonly poll?: PollQuestion | undefined;
  /** The length of a voice note; `undefined` if it is none. */
  readonly voice?: { readonly seconds: number } | undefined;
  /** What happened, if it is not simply a new message. */
  readonly event?: IncomingEvent | undefined;
  /** Whether WhatsApp marks its author as a bot: by its address, or in the message. */
  readonly isFromBot: boolean;
  /** Whether its handler crashed the bot again and again: it must not be started, and the person is told. */
  readonly isSetAside?: boolean;
  /** For the messenger alone: what it needs to quote, react to or download it. */
  readonly origin: unknown;
}
