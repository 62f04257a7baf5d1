import type { Table } from '../core/table.ts';
import type { Session } from '../session/session-store.ts';
import { isTableName } from '../session/values/table-names.ts';

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
