import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';

/** What a transaction commits to: keys by type and id, `null` for a removal. Own tables go along as types. */
export type KeyChanges = { [type: string]: { [id: string]: unknown } };

export interface KeyStore {
  get(type: string, ids: readonly string[]): Record<string, unknown>;
  /** Throws, and changes nothing, where the changes cannot be stored. */
  set(changes: KeyChanges): void | Promise<void>;
}

/**
 * Key transactions for Baileys, all in one queue.
 *
 * The library's own lock by name: a send under the account's id and a decryption under the sender's then change
 * the same ratchet at the same time, the later commit wins, and message keys are used twice. Here a transaction
 * waits for the one before it, whatever its name. A nested one is part of the outer one.
 */
export class KeyTransactions implements SignalKeyStoreWithTransaction {
  readonly #store: KeyStore;
  readonly #context = new AsyncLocalStorage<{ changes: KeyChanges }>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: KeyStore) {
    this.#store = store;
  }

  readonly get = async <T extends keyof SignalDataTypeMap>(
    type: T,
    ids: string[],
  ): Promise<{ [id: string]: SignalDataTypeMap[T] }> => {
    const uncommitted = this.#context.getStore()?.changes[type];
    const found = this.#store.get(type, uncommitted ? ids.filter((id) => !(id in uncommitted)) : ids);
    for (const id of ids) {
      const value = uncommitted?.[id];
      if (value !== undefined && value !== null) found[id] = value;
    }
    return found as { [id: string]: SignalDataTypeMap[T] };
  };

  readonly set = async (changes: SignalDataSet | KeyChanges): Promise<void> => {
    const context = this.#context.getStore();
    if (!context) return this.#store.set(changes as KeyChanges);
    for (const [type, values] of Object.entries(changes)) {
      context.changes[type] = { ...context.changes[type], ...values };
    }
  };

  readonly isInTransaction = (): boolean => this.#context.getStore() !== undefined;

  /** Runs `work` after all transactions before it; what it set is stored at its end, or not at all if it throws. */
  readonly transaction = async <T>(work: () => Promise<T>, _name?: string): Promise<T> => {
    if (this.isInTransaction()) return work();
    const turn = this.#last.then(() =>
      this.#context.run({ changes: {} }, async () => {
        const result = await work();
        await this.commit();
        return result;
      }),
    );
    this.#last = turn.catch(() => {});
    return turn;
  };

  /** Resolves when all transactions begun so far are over. */
  readonly idle = async (): Promise<void> => {
    await this.#last;
  };

  /** Stores what the running transaction has set so far: for a ratchet that must be on disk before its stanza goes. */
  readonly commit = async (): Promise<void> => {
    const context = this.#context.getStore();
    if (!context) return;
    const { changes } = context;
    if (Object.keys(changes).length === 0) return;
    await this.#store.set(changes);
    context.changes = {};
  };
}
