import { LIMITS } from './limits.ts';

/** What a durable row knows about crashes of the process. A crash is any end but a clean stop: a kill counts too. */
export interface CrashHistory {
  /** At how many crashes its work may have been running. Undefined if the row has not seen a crash. */
  readonly crashes?: number;
  /** Whether its work was started in the last run of the process. Only noted for rows that have seen a crash. */
  readonly isStarted?: boolean;
  /** Whether its work has sent something, so that it gets further than its start. */
  readonly hasSent?: boolean;
}

/**
 * The history after a crash. `mayBeFirst`: whether the work of a row that has seen no crash before may have been
 * running; the rows that waited behind another one were not.
 */
export function afterCrash(history: CrashHistory, mayBeFirst: boolean): { readonly crashes: number } {
  const wasRunning = history.crashes === undefined ? mayBeFirst : history.isStarted === true;
  return { crashes: (history.crashes ?? 0) + (wasRunning ? 1 : 0) };
}

/**
 * Whether the work of a row is the likely cause of the crashes, so that it must not be started again. Work that has
 * sent something gets more tries: it does something before it crashes, so a coincidence is more likely.
 */
export function isPoison({ crashes = 0, hasSent }: CrashHistory): boolean {
  return crashes >= (hasSent ? LIMITS['crashes:sent'].count : LIMITS.crashes.count);
}

/** Notes the progress of the work on a message, so that `isPoison` can tell after a crash. */
export interface WorkMarks {
  /** Must be called before the handler of a message runs, and awaited if it returns a promise. */
  noteStarted(key: string): void | Promise<void>;
  /** Must be called before the handler's first send. */
  noteSent(key: string): void;
}
