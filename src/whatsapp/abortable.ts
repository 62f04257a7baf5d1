import { setMaxListeners } from 'node:events';

/** Undefined if the signal aborts first, or the work fails. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, onAbort).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Runs work under a signal that aborts with either of these. `AbortSignal.any` is not used: in Node 20 a signal that
 * lives longer than the work keeps a kilobyte of each call.
 */
export async function underEither<T>(
  signals: readonly [AbortSignal, AbortSignal],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const abort = (): void => either.abort();
  // Many sends wait at once, so many listeners are no leak.
  setMaxListeners(0, ...signals);
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  try {
    return await work(either.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

/** A promise, and the function that resolves it. */
export function resolvable<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
