/** What a person can set; `config.ts` has checked it. */
export interface BotSettings {
  readonly commandPrefix: string;
  readonly messageMaxAgeSeconds: number;
  /** 0 is no limit. */
  readonly sendsPerMinute: number;
  /** 0 is no limit. */
  readonly sendsPerChatPerMinute: number;
  /** 0 is not at all. */
  readonly typingDelayMs: number;
  /** Phone numbers, digits only. */
  readonly ownerNumbers: readonly string[];
  /** Person ids of the linked account (its number, `lid:…`); known once it is linked. */
  readonly ownIds: () => readonly string[];
}
