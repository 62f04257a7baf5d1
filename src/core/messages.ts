/**
 * The bot's doors. `bot/` owns these interfaces, `app.ts` joins them to WhatsApp and to the session folder,
 * and a test joins them to a handful of lines of its own.
 */

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

/** Commands run in `direct` chats and in a `group`. Messages of other kinds are ignored. */
export type ChatKind = 'direct' | 'group' | 'status' | 'broadcast' | 'newsletter' | 'other';

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

/** What happened, if a message is not simply a new message. */
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
  /** Begins an album of so many images and videos, which follow. */
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

/** Somebody in a group. */
export interface GroupMember {
  /** As in `Person`. */
  readonly id: string;
  /** As in `Person`. */
  readonly jid: string;
  /** Whether they are an admin of the group. */
  readonly isAdmin: boolean;
  /** The name that they chose, if they have written since the start. */
  readonly name?: string | undefined;
  /** Whether this is the bot. */
  readonly isMe?: boolean;
}

/** What WhatsApp tells of a group. */
export interface GroupFacts {
  /** JID of the group. */
  readonly chat: string;
  /** Its name. Data from strangers. */
  readonly subject: string;
  /** Its description, if it has one. Data from strangers. */
  readonly description?: string | undefined;
  /** Whether only admins may write. */
  readonly isForAdminsOnly?: boolean;
  /** Who is in it, the bot included. */
  readonly members: readonly GroupMember[];
}

/** What an admin does to members. */
export type MemberChange = 'add' | 'remove' | 'promote' | 'demote';

/** What an admin changes of a group. */
export interface GroupChange {
  readonly subject?: string;
  /** An empty text removes it. */
  readonly description?: string;
  readonly isForAdminsOnly?: boolean;
}

export interface DownloadOptions {
  /** The media of the message itself, or of the one that it quotes. */
  readonly which: 'own' | 'quoted';
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** The way out: implemented over WhatsApp. */
export interface Messenger {
  /**
   * Resolves once WhatsApp has acknowledged the message. Rejects with `SEND_REFUSED` if it never will,
   * with `NOT_CONNECTED` or `SEND_TIMEOUT` if trying again is right.
   */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<void>;
  showTyping(chat: string, isTyping: boolean): Promise<void>;
  /** Resolves when there is a connection to send on; rejects when the signal aborts. */
  whenOpen(signal: AbortSignal): Promise<void>;
  /** The decrypted media of a message (or of the one it quotes). Rejects with `MEDIA_REFUSED`. */
  download(message: IncomingMessage, options: DownloadOptions): Promise<Uint8Array>;
  /** The message as text, so that it can be quoted again after a restart. Default: its fields without `origin`. */
  freeze?(message: IncomingMessage): string;
  /** A frozen message; undefined if the text is damaged. */
  thaw?(text: string): IncomingMessage | undefined;
  /** Whether the account has keys for this person or group: one of the two has written to the other. Default: false. */
  hasMet?(chat: string): boolean;
  /** Rejects with `SEND_REFUSED` if WhatsApp refuses it. */
  changeMembers?(chat: string, change: MemberChange, jids: readonly string[]): Promise<void>;
  /** Rejects with `SEND_REFUSED` if WhatsApp refuses it. */
  changeGroup?(chat: string, change: GroupChange): Promise<void>;
  /** The link that lets people join. */
  inviteLink?(chat: string): Promise<string>;
  /** Declines a call. */
  declineCall?(callId: string, from: string): Promise<void>;
  /** Shows the sender that the message was read. */
  markRead?(message: IncomingMessage): Promise<void>;
  /** What is known of a group for up to five minutes. Rejects with `NOT_CONNECTED` if there is no connection. */
  group(chat: string): Promise<GroupFacts>;
}

/** A small durable map: what is set here survives a kill. Values are JSON. */
export interface Table<T> {
  get(id: string): T | undefined;
  has(id: string): boolean;
  readonly size: number;
  entries(): IterableIterator<[string, T]>;
  /** Resolves when the change is in the file. Throws `STORAGE_FAILED` and changes nothing if it cannot be stored. */
  set(id: string, value: T): Promise<void>;
  delete(id: string): Promise<void>;
}
