import { setImmediate as turn } from 'node:timers/promises';
import { addTransactionCapability, type SignalKeyStore } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import type { Logger } from 'pino';
import { describe, expect, test } from 'vitest';
import type { KeyChanges, KeyStore } from '../../../../src/session/values/key-changes.ts';
import { KeyQueue, TransactionAbandoned } from '../../../../src/whatsapp/signal/key-queue.ts';
import { openQuietly, recordingLog, sessionPath } from '../../session/helpers.ts';

/** A store in memory that records every change. */
class MemoryStore implements KeyStore {
  readonly values = new Map<string, unknown>();
  readonly commits: KeyChanges[] = [];
  failure: Error | undefined;
  /** `set` waits for this after it has stored the values, as it does for pre-keys. */
  wait: (() => Promise<void>) | undefined;

  get(type: string, ids: readonly string[]): Record<string, unknown> {
    const found = ids.map((id): [string, unknown] => [id, this.values.get(`${type} ${id}`)]);
    return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== null));
  }

  set(changes: KeyChanges): void | Promise<void> {
    if (this.failure) throw this.failure;
    this.commits.push(changes);
    for (const [type, values] of Object.entries(changes)) {
      for (const [id, value] of Object.entries(values)) this.values.set(`${type} ${id}`, value);
    }
    return this.wait?.();
  }
}

const start = () => {
  const store = new MemoryStore();
  return { store, keys: new KeyQueue(store) };
};
const set = (keys: KeyQueue, id: string, value: unknown): Promise<void> =>
  keys.set({ session: { [id]: value } });
const read = async (keys: KeyQueue, id: string): Promise<unknown> => (await keys.get('session', [id]))[id];

/** Reads, waits and writes, as a ratchet does. */
async function addOne(keys: Pick<KeyQueue, 'get' | 'set'>, pause: number): Promise<void> {
  const { chat } = (await keys.get('session', ['chat'])) as unknown as { chat?: { n: number } };
  for (let index = 0; index < pause; index++) await turn();
  await keys.set({ session: { chat: { n: (chat?.n ?? 0) + 1 } } });
}

describe('one queue', () => {
  test('the key queue runs transactions one after the other, whatever their names', async () => {
    const { keys } = start();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await turn();
      events.push(`${name} ends`);
    };
    await Promise.all(['me', 'them', 'me'].map((name) => keys.transaction(work(name), name)));
    expect(events).toEqual(['me', 'them', 'me'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test('in a burst under two names no change of a ratchet is lost, with a real Signal session', async () => {
    const session = await openQuietly(sessionPath());
    const keys = new KeyQueue(session);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 20 }), async (pauses) => {
        await session.set({ session: { chat: null } });
        const all = pauses.map((pause, index) =>
          keys.transaction(() => addOne(keys, pause), index % 2 ? 'me' : 'them'),
        );
        await Promise.all(all);
        expect(session.get('session', ['chat'])).toEqual({ chat: { n: pauses.length } });
      }),
      { numRuns: 30 },
    );
  });

  test("the library's own transactions lose changes", async () => {
    const store = new MemoryStore();
    const async = {
      get: async (type: string, ids: string[]) => store.get(type, ids),
      set: async (c: KeyChanges) => store.set(c),
    };
    const logger = { ...recordingLog().log, trace: () => {}, error: () => {} } as unknown as Logger;
    const options = { maxCommitRetries: 1, delayBetweenTriesMs: 0 };
    const keys = addTransactionCapability(async as unknown as SignalKeyStore, logger, options);
    const all = Array.from({ length: 20 }, (_, index) =>
      keys.transaction(() => addOne(keys as unknown as KeyQueue, index % 3), index % 2 ? 'me' : 'them'),
    );
    await Promise.all(all);
    expect((store.get('session', ['chat']).chat as { n: number }).n).toBeLessThan(20);
  });

  test('the key queue runs later transactions after one that failed', async () => {
    const { keys, store } = start();
    const failing = keys.transaction(async () => {
      throw new Error('no');
    });
    const next = keys.transaction(() => set(keys, 'a', 1));
    await expect(failing).rejects.toThrow('no');
    await next;
    expect(store.commits).toEqual([{ session: { a: 1 } }]);
  });

  test('the key queue resolves idle() when all transactions begun so far have ended', async () => {
    const { keys } = start();
    let hasEnded = false;
    void keys.transaction(async () => {
      await turn();
      hasEnded = true;
    });
    await keys.idle();
    expect(hasEnded).toBe(true);
  });
});

describe('a transaction', () => {
  test('a transaction commits once at its end, and reads its own changes before that', async () => {
    const { keys, store } = start();
    await set(keys, 'a', 'old');
    await set(keys, 'gone', 'old');
    store.commits.length = 0;
    await keys.transaction(async () => {
      await set(keys, 'a', 'new');
      await set(keys, 'gone', null);
      await keys.set({ 'lid-mapping': { l: 'x' } });
      expect(await keys.get('session', ['a', 'gone', 'none'])).toEqual({ a: 'new' });
      expect(store.commits).toEqual([]);
      expect(keys.isInTransaction()).toBe(true);
    });
    expect(store.commits).toEqual([{ session: { a: 'new', gone: null }, 'lid-mapping': { l: 'x' } }]);
    expect(keys.isInTransaction()).toBe(false);
  });

  test('a transaction hides its uncommitted changes from others', async () => {
    const { keys } = start();
    let seen: unknown = 'nothing yet';
    let read: () => void = () => {};
    const hasRead = new Promise<void>((resolve) => {
      read = resolve;
    });
    const running = keys.transaction(async () => {
      await set(keys, 'a', 1);
      await hasRead;
    });
    await turn();
    seen = await keys.get('session', ['a']);
    read();
    await running;
    expect(seen).toEqual({});
  });

  test('the key queue stores nothing if a transaction throws', async () => {
    const { keys, store } = start();
    const work = async (): Promise<void> => {
      await set(keys, 'a', 1);
      throw new Error('no');
    };
    await expect(keys.transaction(work)).rejects.toThrow('no');
    expect(store.commits).toEqual([]);
    expect(await read(keys, 'a')).toBeUndefined();
  });

  test('the key queue makes a nested transaction part of the outer one', async () => {
    const { keys, store } = start();
    const outer = keys.transaction(async () => {
      await set(keys, 'a', 1);
      const inner = await keys.transaction(async () => {
        expect(await read(keys, 'a')).toBe(1);
        await set(keys, 'b', 2);
        return 'result';
      }, 'other');
      expect(inner).toBe('result');
      expect(store.commits).toEqual([]);
    }, 'name');
    await outer;
    expect(store.commits).toEqual([{ session: { a: 1, b: 2 } }]);
  });

  test('the key queue keeps what commit() has stored if the transaction throws later', async () => {
    const { keys, store } = start();
    const work = async (): Promise<void> => {
      await set(keys, 'a', 1);
      await keys.commit();
      expect(store.commits).toEqual([{ session: { a: 1 } }]);
      await keys.commit();
      await set(keys, 'b', 2);
      throw new Error('no');
    };
    await expect(keys.transaction(work)).rejects.toThrow('no');
    expect(store.commits).toEqual([{ session: { a: 1 } }]);
  });

  test('the key queue puts changes that are made during a commit into the next one', async () => {
    const { keys, store } = start();
    store.wait = () => turn().then(() => {});
    await keys.transaction(async () => {
      await set(keys, 'a', 1);
      const committing = keys.commit();
      await set(keys, 'b', 2);
      await committing;
      expect(await keys.get('session', ['a', 'b'])).toEqual({ a: 1, b: 2 });
    });
    expect(store.commits).toEqual([{ session: { a: 1 } }, { session: { b: 2 } }]);
  });

  test('the key queue keeps all changes uncommitted after a failed commit', async () => {
    const { keys, store } = start();
    await keys.transaction(async () => {
      await set(keys, 'a', 1);
      store.failure = new Error('full');
      await expect(keys.commit()).rejects.toThrow('full');
      expect(await read(keys, 'a')).toBe(1);
      store.failure = undefined;
    });
    expect(store.commits).toEqual([{ session: { a: 1 } }]);
  });

  test('the key queue fails the transaction if its last commit fails', async () => {
    const { keys, store } = start();
    store.failure = new Error('full');
    await expect(keys.transaction(() => set(keys, 'a', 1))).rejects.toThrow('full');
    store.failure = undefined;
    expect(await read(keys, 'a')).toBeUndefined();
    await keys.transaction(() => set(keys, 'b', 2));
    expect(store.commits).toEqual([{ session: { b: 2 } }]);
  });

  test('the key queue queues work that a transaction did not await as transactions of its own', async () => {
    const { keys, store } = start();
    let leftBehind: Promise<void> | undefined;
    await keys.transaction(async () => {
      leftBehind = (async () => {
        for (let index = 0; index < 3; index++) await turn();
        expect(keys.isInTransaction()).toBe(false);
        await set(keys, 'late', 1);
        await keys.transaction(() => set(keys, 'later', 2));
      })();
    });
    await leftBehind;
    expect(store.commits).toEqual([{ session: { late: 1 } }, { session: { later: 2 } }]);
  });

  test('the key queue accepts ids that are names of object properties', async () => {
    const { keys } = start();
    await keys.transaction(async () => {
      await set(keys, 'a', 1);
      for (const id of ['constructor', 'toString', '__proto__']) {
        expect(Object.keys(await keys.get('session', [id]))).toEqual([]);
        await keys.set({ session: Object.fromEntries([[id, { id }]]) });
        expect(Object.entries(await keys.get('session', [id]))).toEqual([[id, { id }]]);
      }
    });
    expect(Object.entries(await keys.get('session', ['__proto__']))).toEqual([
      ['__proto__', { id: '__proto__' }],
    ]);
  });
});

test('the key queue runs later transactions when one that never ends is abandoned, and refuses its changes', async () => {
  const { store, keys } = start();
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let late: Promise<void> | undefined;
  const hung = keys.transaction(async () => {
    await set(keys, 'a', 1);
    await held;
    late = set(keys, 'a', 2);
    await late;
  });
  const next = keys.transaction(() => set(keys, 'b', 3));
  await turn();
  keys.abandon();
  await expect(hung).rejects.toThrow(TransactionAbandoned);
  await next;
  goOn();
  await turn();
  await expect(late).rejects.toThrow(TransactionAbandoned);
  expect(Object.fromEntries(store.values)).toEqual({ 'session b': 3 });
});

test('the key queue does nothing if no transaction runs when one is to be abandoned', async () => {
  const { store, keys } = start();
  await keys.transaction(() => set(keys, 'a', 1));
  keys.abandon();
  await keys.transaction(() => set(keys, 'b', 2));
  expect(store.commits).toHaveLength(2);
});

describe('the time limit', () => {
  const LIMIT_MS = 30;

  test('the key queue abandons a transaction that does not end, and the next one runs', async () => {
    const store = new MemoryStore();
    const overdue: string[] = [];
    const keys = new KeyQueue(store, {
      limitMs: LIMIT_MS,
      onOverdue: (message) => overdue.push(message),
    });
    const stuck = keys.transaction(async () => {
      await set(keys, 'a', 1);
      await new Promise(() => {});
    });
    const next = keys.transaction(() => set(keys, 'b', 2));
    await expect(stuck).rejects.toThrow(TransactionAbandoned);
    await next;
    expect(store.commits).toEqual([{ session: { b: 2 } }]);
    expect(overdue).toHaveLength(1);
  });

  test('a transaction that reads the version of an app-state collection leaves the queue', async () => {
    const store = new MemoryStore();
    const overdue: string[] = [];
    const keys = new KeyQueue(store, {
      limitMs: LIMIT_MS,
      onOverdue: (message) => overdue.push(message),
    });
    const waiting = keys.transaction(async () => {
      await keys.get('app-state-sync-version', ['regular']);
      await new Promise(() => {});
    });
    await keys.transaction(() => set(keys, 'b', 2));
    await expect(waiting).rejects.toThrow(TransactionAbandoned);
    expect(overdue).toEqual([]);
  });

  test('the key queue ends a sync that reads the version of one collection again and again', async () => {
    const { keys } = start();
    let reads = 0;
    const endless = keys.transaction(async () => {
      for (;;) {
        await keys.get('app-state-sync-version', ['regular']);
        reads++;
      }
    });
    await expect(endless).rejects.toThrow('could not finish the sync of app state');
    expect(reads).toBe(10);
  });
});
