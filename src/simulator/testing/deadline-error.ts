/** How long a wait may take if neither it nor `startWhatsApp` says otherwise. */
export const DEFAULT_DEADLINE_MS = 5_000;

/** A wait of a test has run into its deadline. The message says what was awaited and what came in its place. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE';

  constructor(who: string, what: string, deadlineMs: number, instead: string) {
    super(`${who} waited ${deadlineMs} ms ${what}; ${instead}`);
    this.name = 'DeadlineError';
  }
}

/**
 * Resolves as `start` does, or rejects with what `error` makes after `deadlineMs`. The signal aborts when the wait
 * ends, so that `start` can remove its listeners.
 */
export async function before<T>(
  deadlineMs: number,
  start: (signal: AbortSignal) => Promise<T>,
  error: () => DeadlineError,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), deadlineMs);
  });
  try {
    return await Promise.race([start(controller.signal), late]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
