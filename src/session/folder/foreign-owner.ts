import { statSync } from 'node:fs';

/** The log line for a folder that another user owns. */
export const FOREIGN_FOLDER =
  'the session folder belongs to another user, who can read and replace the session: chown it to the user of the bot';

/** The owner of a folder that belongs to another user than this process; undefined if it is this user's. */
export function foreignOwner(
  folder: string,
): { readonly ownerUid: number; readonly uid: number } | undefined {
  const uid = process.getuid?.();
  const ownerUid = statSync(folder, { throwIfNoEntry: false })?.uid;
  return uid === undefined || ownerUid === undefined || ownerUid === uid ? undefined : { ownerUid, uid };
}
