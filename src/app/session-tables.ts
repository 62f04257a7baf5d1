import { plainText } from '../core/plain-text.ts';
import type { Table } from '../core/table.ts';
import type { Session } from '../session/open-session.ts';
import { isTableName } from '../session/values/table-names.ts';
import { personAddress } from '../whatsapp/address.ts';

/** One of the session's tables, as the bot sees it. */
export function tableOf<T>(session: Session, name: string): Table<T> {
  if (!isTableName(name)) throw new Error(`there is no table ${name}`);
  const rows = session.rows<T>(name);
  return {
    get: (id) => rows.get(id),
    has: (id) => rows.has(id),
    get size() {
      return rows.size;
    },
    entries: () => rows.entries() as IterableIterator<[string, T]>,
    set: async (id, value) => session.set({ [name]: { [id]: value } }),
    delete: async (id) => session.set({ [name]: { [id]: null } }),
  };
}

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
