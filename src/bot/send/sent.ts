/** A message that the bot sent. */
export interface Sent {
  /** WhatsApp's id of the message. */
  readonly id: string;
  /** Replaces its text. WhatsApp takes edits for about 15 minutes. */
  edit(text: string): Promise<void>;
  /** Deletes it for everybody. */
  delete(): Promise<void>;
  /** Reacts to it with an emoji; an empty string removes the reaction. */
  react(emoji: string): Promise<void>;
  /** The votes in a poll by option, with the ids of the people who chose it; empty if it is not a poll. */
  votes(): Readonly<Record<string, readonly string[]>>;
}
