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
