import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import type { KeyChanges, KeyStore } from '../../session/values/key-changes.ts';

interface Transaction {
  changes: KeyChanges;
  /** Work that was not awaited may still run in the context of a transaction that has ended. */
  hasEnded: boolean;
  /** It was abandoned from outside: code that still runs in it must not touch the store. */
  isAbandoned: boolean;
}

/**
 * Key transactions for Baileys, all in one queue.
 *
 * Baileys locks transactions by name. A send runs under the account's id and a decryption under the sender's, so
 * both change the same ratchet at the same time, the later commit wins, and message keys are used twice. Here each
 * transaction waits for the one before it, whatever its name. A nested transaction is part of the outer one.
 */
export class KeyTransactions implements SignalKeyStoreWithTransaction {
  readonly #store: KeyStore;
  readonly #context = new AsyncLocalStorage<Transaction>();
  #last: Promise<unknown> = Promise.resolve();
  #abandonRunning: () => void = () => {};

  constructor(store: KeyStore) {
    this.#store = store;
  }

  get #running(): Transaction | undefined {
    const transaction = this.#context.getStore();
    if (transaction?.isAbandoned) throw new Error('this key transaction was abandoned with its connection');
    return transaction?.hasEnded ? undefined : transaction;
  }

  readonly get = async <T extends keyof SignalDataTypeMap>(
    type: T,
    ids: string[],
  ): Promise<{ [id: string]: SignalDataTypeMap[T] }> => {
    const found = this.#read(type, ids, this.#running?.changes[type]);
    return found as { [id: string]: SignalDataTypeMap[T] };
  };

  #read(type: string, ids: string[], uncommitted: Record<string, unknown> | undefined): object {
    if (!uncommitted) return this.#store.get(type, ids);
    const isUncommitted = (id: string): boolean => Object.hasOwn(uncommitted, id);
    const stored = this.#store.get(
      type,
      ids.filter((id) => !isUncommitted(id)),
    );
    const own = ids.filter((id) => isUncommitted(id) && uncommitted[id]).map((id) => [id, uncommitted[id]]);
    return Object.fromEntries([...Object.entries(stored), ...own]);
  }

  readonly set = async (changes: SignalDataSet | KeyChanges): Promise<void> => {
    const transaction = this.#running;
    if (transaction) transaction.changes = merge(transaction.changes, changes as KeyChanges);
    else await this.#store.set(changes as KeyChanges);
  };

  readonly isInTransaction = (): boolean => this.#running !== undefined;

  /** Runs `work` after all earlier transactions. Its changes are stored at its end, or not at all if it throws. */
  readonly transaction = async <T>(work: () => Promise<T>, _name?: string): Promise<T> => {
    if (this.isInTransaction()) return work();
    const turn = this.#last.then(() => this.#run(work));
    this.#last = turn.catch(() => {});
    return turn;
  };

  #run<T>(work: () => Promise<T>): Promise<T> {
    const transaction: Transaction = { changes: {}, hasEnded: false, isAbandoned: false };
    const abandoned = new Promise<never>((_, reject) => {
      this.#abandonRunning = () => {
        transaction.isAbandoned = !transaction.hasEnded;
        reject(new Error('a key transaction was abandoned with its connection'));
      };
    });
    abandoned.catch(() => {});
    const running = this.#context.run(transaction, async () => {
      try {
        const result = await work();
        // More may have been set during a commit.
        while (Object.keys(transaction.changes).length > 0) await this.commit();
        return result;
      } finally {
        transaction.hasEnded = true;
      }
    });
    return Promise.race([running, abandoned]);
  }

  /**
   * Abandons the running transaction, so that those behind it can run. The library awaits downloads inside some
   * transactions, and a download on a cut line never ends. The uncommitted changes are dropped.
   */
  abandon(): void {
    this.#abandonRunning();
  }

  /** Resolves when all transactions begun so far have ended. */
  readonly idle = async (): Promise<void> => {
    await this.#last;
  };

  /**
   * Stores the changes of the running transaction so far: a ratchet must be on disk before its stanza is sent.
   * Throws if that fails; the changes are then still uncommitted.
   */
  readonly commit = async (): Promise<void> => {
    const transaction = this.#running;
    if (!transaction) return;
    const { changes } = transaction;
    if (Object.keys(changes).length === 0) return;
    // Changes that are made during the write belong to the next commit.
    transaction.changes = {};
    try {
      await this.#store.set(changes);
    } catch (error) {
      transaction.changes = merge(changes, transaction.changes);
      throw error;
    }
  };
}

function merge(older: KeyChanges, newer: KeyChanges): KeyChanges {
  const merged = { ...older };
  for (const [type, values] of Object.entries(newer)) merged[type] = { ...merged[type], ...values };
  return merged;
}
