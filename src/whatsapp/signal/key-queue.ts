import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { KeyChanges, KeyStore } from '../../session/values/key-changes.ts';

interface Transaction {
  changes: KeyChanges;
  /** Work that was not awaited may still run in the context of a transaction that has ended. */
  hasEnded: boolean;
  /** It was abandoned from outside: code that still runs in it must not touch the store. */
  isAbandoned: boolean;
  /** Whether the transactions behind it wait for its end. */
  isInQueue: boolean;
  leaveQueue: () => void;
  /** How often it has read the version of each app-state collection. */
  readonly appStateReads: Map<string, number>;
}

export interface KeyQueueOptions {
  /** Called with a sentence if a transaction is abandoned because it has not ended in time. */
  readonly onOverdue?: (message: string) => void;
  /** Default `LIMITS['key-transaction'].timeMs`. */
  readonly limitMs?: number;
}

/** Rejects the work of a key transaction that was abandoned: its connection ended, or its time was over. */
export class TransactionAbandoned extends Error {
  override readonly name = 'TransactionAbandoned';
}

/**
 * Key transactions for Baileys, all in one queue.
 *
 * Baileys locks transactions by name. A send runs under the account's id and a decryption under the sender's. So both
 * change the same ratchet at the same time. The later commit wins, and keys of the ratchet are used twice. Here each
 * transaction waits for the one before it, whatever its name. A nested transaction is part of the outer one.
 *
 * The library awaits answers of WhatsApp inside transactions, so each one has a time limit, after which it is
 * abandoned. A transaction that syncs app state leaves the queue at once, because it asks WhatsApp again and again and
 * changes no ratchet.
 */
export class KeyQueue implements SignalKeyStoreWithTransaction {
  readonly #store: KeyStore;
  readonly #onOverdue: (message: string) => void;
  readonly #limitMs: number;
  readonly #context = new AsyncLocalStorage<Transaction>();
  #last: Promise<unknown> = Promise.resolve();
  #abandonRunning: () => void = () => {};

  constructor(store: KeyStore, options: KeyQueueOptions = {}) {
    this.#store = store;
    this.#onOverdue = options.onOverdue ?? (() => {});
    this.#limitMs = options.limitMs ?? LIMITS['key-transaction'].timeMs;
  }

  get #running(): Transaction | undefined {
    const transaction = this.#context.getStore();
    if (transaction?.isAbandoned)
      throw new TransactionAbandoned('this key transaction was abandoned with its connection');
    return transaction?.hasEnded ? undefined : transaction;
  }

  readonly get = async <T extends keyof SignalDataTypeMap>(
    type: T,
    ids: string[],
  ): Promise<{ [id: string]: SignalDataTypeMap[T] }> => {
    const running = this.#running;
    if (running && type === 'app-state-sync-version') noteAppStateRead(running, ids);
    const found = this.#read(type, ids, running?.changes[type]);
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
    let leaveQueue: () => void = () => {};
    const hasLeft = new Promise<void>((resolve) => {
      leaveQueue = resolve;
    });
    const turn = this.#last.then(() => this.#run(work, leaveQueue));
    this.#last = Promise.race([turn.catch(() => {}), hasLeft]);
    return turn;
  };

  #run<T>(work: () => Promise<T>, leaveQueue: () => void): Promise<T> {
    const transaction: Transaction = {
      ...{ changes: {}, hasEnded: false, isAbandoned: false, isInQueue: true, leaveQueue },
      appStateReads: new Map(),
    };
    let timer: NodeJS.Timeout | undefined;
    let abandon: () => void = () => {};
    const abandoned = new Promise<never>((_, reject) => {
      abandon = () => {
        clearTimeout(timer);
        transaction.isAbandoned = !transaction.hasEnded;
        reject(new TransactionAbandoned('a key transaction was abandoned with its connection'));
      };
    });
    this.#abandonRunning = abandon;
    abandoned.catch(() => {});
    timer = setTimeout(() => {
      abandon();
      noteLimitReached('key-transaction');
      if (transaction.isInQueue) this.#onOverdue('a key transaction did not end in time');
    }, this.#limitMs).unref();
    const running = this.#context.run(transaction, async () => {
      try {
        const result = await work();
        // More may have been set during a commit.
        while (Object.keys(transaction.changes).length > 0) await this.commit();
        return result;
      } finally {
        clearTimeout(timer);
        end(transaction);
      }
    });
    return Promise.race([running, abandoned]);
  }

  /**
   * Abandons the running transaction, so that those behind it can run. The library awaits downloads inside some
   * transactions, and a download whose connection breaks never ends. The uncommitted changes are dropped.
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

/**
 * Empties a transaction that has ended. Timers of the library run for hours and days, and keep the transaction in which
 * they were started. If it still referred to its work, the stanzas of the last days would stay in memory.
 */
function end(transaction: Transaction): void {
  transaction.hasEnded = true;
  transaction.changes = {};
  transaction.leaveQueue = () => {};
  transaction.appStateReads.clear();
}

/** Throws if the library has asked for a collection too often: WhatsApp's answers do not bring the sync to its end. */
function noteAppStateRead(transaction: Transaction, names: readonly string[]): void {
  const { appStateReads } = transaction;
  transaction.isInQueue = false;
  transaction.leaveQueue();
  for (const name of names) {
    const reads = (appStateReads.get(name) ?? 0) + 1;
    appStateReads.set(name, reads);
    if (reads <= LIMITS['app-state-requests'].count) continue;
    noteLimitReached('app-state-requests');
    throw new Error('could not finish the sync of app state: the library asked again and again');
  }
}

function merge(older: KeyChanges, newer: KeyChanges): KeyChanges {
  const merged = { ...older };
  for (const [type, values] of Object.entries(newer)) merged[type] = { ...merged[type], ...values };
  return merged;
}
