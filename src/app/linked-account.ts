import { plainText } from '../core/plain-text.ts';
import type { Session } from '../session/session-store.ts';
import { personAddress } from '../whatsapp/address.ts';

/** The name that the linked account shows to people, without control characters; undefined until the phone told it. */
export function ownName({ creds: { me } }: Session): string | undefined {
  return plainText(me?.name ?? '').trim() || undefined;
}

/** The linked account as a person: by number and by LID. */
export function ownIds(session: Session): string[] {
  const { me } = session.creds;
  const ids = [personAddress(me?.id)?.user];
  const lid = personAddress(me?.lid)?.user;
  if (lid) ids.push(`lid:${lid}`);
  return ids.filter((id) => id !== undefined);
}
