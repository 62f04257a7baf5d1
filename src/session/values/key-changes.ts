/** What a transaction commits: keys by type and id, `null` for a removal. The program's own tables are types too. */
export type KeyChanges = { [type: string]: { [id: string]: unknown } };

export const hasPreKeys = ({ 'pre-key': keys = {} }: KeyChanges): boolean =>
  Object.values(keys).some(Boolean);

/** What transactions read from and commit to. */
export interface KeyStore {
  get(type: string, ids: readonly string[]): Record<string, unknown>;
  /** Throws, and changes nothing, if the changes cannot be stored. */
  set(changes: KeyChanges): void | Promise<void>;
}
