/** The settings that the bot needs; `config.ts` has checked them. */
export interface BotSettings {
  readonly commandPrefix: string;
  readonly messageMaxAgeSeconds: number;
  /** 0 is no limit. */
  readonly sendsPerMinute: number;
  /** 0 is no limit. */
  readonly sendsPerChatPerMinute: number;
  /** How long the bot shows that it types; 0 shows nothing. */
  readonly typingDelayMs: number;
  /** Phone numbers, digits only. */
  readonly ownerNumbers: readonly string[];
  /** JIDs or phone numbers that `ctx.sendTo()` may write to first. Default none. */
  readonly mayWriteTo?: readonly string[];
  /** Whether senders see that their messages were read when a handler takes them. Default false. */
  readonly markRead?: boolean;
  /** What people who call are told when the call is declined; `undefined` lets it ring. */
  readonly declineCalls?: string | undefined;
  /** The name that the linked account shows. */
  readonly ownName?: () => string | undefined;
  /** Person ids of the linked account (its number, `lid:…`); known once it is linked. */
  readonly ownIds: () => readonly string[];
}
