import type { GroupChange, GroupFacts, MemberChange } from './group-facts.ts';
import type { IncomingMessage } from './incoming-message.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

export interface DownloadOptions {
  /** The media of the message itself, or of the one that it quotes. */
  readonly which: 'own' | 'quoted';
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * How the bot sends, and asks WhatsApp about messages and groups. `whatsapp/` implements it; tests of the bot have a
 * fake.
 */
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
  /** Whether an earlier process sent the message with this id. Default: false. */
  hasSent?(id: string): boolean;
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
