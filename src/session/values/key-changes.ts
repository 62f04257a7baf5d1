/** What a transaction commits to: keys by type and id, `null` for a removal. Own tables go along as types. */
export type KeyChanges = { [type: string]: { [id: string]: unknown } };

/** Where transactions read, and what they commit to. */
export interface KeyStore {
  get(type: string, ids: readonly string[]): Record<string, unknown>;
  /** Throws, and changes nothing, where the changes cannot be stored. */
  set(changes: KeyChanges): void | Promise<void>;
}
