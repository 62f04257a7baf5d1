import { LIMITS } from './limits/limits.ts';

/** What a durable row knows about crashes of the process. A crash is any end but a clean stop: a kill counts too. */
export interface CrashHistory {
  /** At how many crashes its work may have been running. Undefined if the row has not seen a crash. */
  readonly crashes?: number;
  /** Whether its work was started in the last process. Only noted for rows that have seen a crash. */
  readonly isStarted?: boolean;
  /** Whether its work has sent something, so that it gets further than its start. */
  readonly hasSent?: boolean;
  /**
   * Whether its work did nothing new: it waited for WhatsApp to acknowledge what it sent, or repeated what it remembers.
   * Not every kind of row notes this.
   */
  readonly isIdle?: boolean;
  /** Whether other suspects were begun before its work was over, so that a crash may be theirs. */
  readonly isShared?: boolean;
  /** At how many crashes its work was idle or shared: these do not count as `crashes`. */
  readonly waits?: number;
}

/**
 * The history after a crash. `mayBeFirst`: whether the work of a row that has seen no crash before may have been
 * running; the rows that waited behind another one were not.
 */
export function afterCrash(
  history: CrashHistory,
  mayBeFirst: boolean,
): { readonly crashes: number; readonly waits?: number } {
  const { crashes = 0, waits = 0 } = history;
  const wasRunning = history.crashes === undefined ? mayBeFirst : history.isStarted === true;
  if (wasRunning && (history.isIdle || history.isShared)) return { crashes, waits: waits + 1 };
  return { crashes: crashes + (wasRunning ? 1 : 0), ...(waits > 0 && { waits }) };
}

/** The limit that a row has reached, if its work is the likely cause of the crashes and must not be started again. */
export function poisonLimit({
  crashes = 0,
  waits = 0,
  hasSent,
}: CrashHistory): 'crashes' | 'crashes:sent' | 'crashes:waiting' | undefined {
  if (waits >= LIMITS['crashes:waiting'].count) return 'crashes:waiting';
  const limit = hasSent ? 'crashes:sent' : 'crashes';
  return crashes >= LIMITS[limit].count ? limit : undefined;
}

/**
 * Whether the work of a row is the likely cause of the crashes, so that it must not be started again. Work that has
 * sent something gets more tries: it does something before it crashes, so a coincidence is more likely.
 */
export const isPoison = (history: CrashHistory): boolean => poisonLimit(history) !== undefined;

/** Whether the work of a row may have caused a crash. Suspects are begun one after the other. */
export const isSuspect = ({ crashes = 0, waits = 0 }: CrashHistory): boolean => crashes + waits > 0;

const FIRST_TURN_MS = 2_000;
const ALL_TURNS_MS = 60_000;

/**
 * How long a suspect runs before the next one is begun, if it does not end before that. The turn doubles with each
 * crash that may have been another's, until the cause crashes the process in its own turn. `waiting`: how many wait
 * behind it; the more there are, the shorter is the turn.
 */
export const turnMs = ({ waits = 0 }: CrashHistory, waiting: number): number =>
  Math.min(FIRST_TURN_MS * 2 ** waits, ALL_TURNS_MS / (waiting + 1));

/**
 * The history of a row that was in progress, at the start of the process; undefined if nothing changes. `hadSent`: whether
 * its work had got to its next send, which is asked if nothing was noted.
 */
export function historyAtStart(
  row: CrashHistory,
  wasCrash: boolean,
  hadSent: () => boolean,
): CrashHistory | undefined {
  const { isStarted, isIdle, isShared, ...kept } = historyOf(row);
  if (!wasCrash) return isStarted === undefined ? undefined : kept;
  const isFirst = row.crashes === undefined;
  return { ...kept, ...afterCrash(row, true), ...(isFirst && hadSent() && { hasSent: true }) };
}

const FIELDS = ['crashes', 'isStarted', 'hasSent', 'isIdle', 'isShared', 'waits'] as const satisfies Array<
  keyof CrashHistory
>;

/** Only what a row knows about crashes. */
export const historyOf = (row: CrashHistory): CrashHistory =>
  Object.fromEntries(FIELDS.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]])));

/** The row as if it had seen no crash. */
export function withoutCrashes<R extends CrashHistory>(row: R): Omit<R, keyof CrashHistory> {
  const { crashes, isStarted, hasSent, isIdle, isShared, waits, ...rest } = row;
  return rest;
}

/** Notes the progress of the work on a message, so that `isPoison` can tell after a crash. */
export interface WorkMarks {
  /** Undefined if no row with this key is in progress. */
  historyOf(key: string): CrashHistory | undefined;
  /** Must be called before the handler of a message runs, and awaited if it returns a promise. */
  noteStarted(key: string): void | Promise<void>;
  /** Must be called if the work is not over and its turn is. Never rejects. */
  noteShared(key: string): void | Promise<void>;
  /** Must be called before each send. What it returns must be called when WhatsApp has acknowledged or refused it. */
  noteSent(key: string): undefined | (() => void);
}

/** Marks that several parts keep, each for its own rows. `parts` is called each time. */
export function joinMarks(parts: () => ReadonlyArray<WorkMarks | undefined>): WorkMarks {
  const all = (note: (one: WorkMarks) => void | Promise<void>): void | Promise<void> => {
    const writes = parts().flatMap((one) => (one && note(one)) ?? []);
    return writes.length === 0 ? undefined : Promise.all(writes).then(() => undefined);
  };
  return {
    historyOf(key) {
      const found = parts().flatMap((one) => one?.historyOf(key) ?? []);
      return found.find(isSuspect) ?? found[0];
    },
    noteStarted: (key) => all((one) => one.noteStarted(key)),
    noteShared: (key) => all((one) => one.noteShared(key)),
    noteSent(key) {
      const settled = parts().flatMap((one) => one?.noteSent(key) ?? []);
      if (settled.length === 0) return;
      return () => {
        for (const one of settled) one();
      };
    },
  };
}

/** The history of a row that is in progress, and how to store another one. */
export interface MarkedRow {
  readonly history: CrashHistory;
  /** Whether its work begins by repeating what it remembers. */
  readonly repeats: boolean;
  store(history: CrashHistory): Promise<void>;
}

/**
 * The marks of rows that also note when their work is idle. Rows that have seen no crash are not written.
 */
export class CrashMarks implements WorkMarks {
  readonly #find: (key: string) => MarkedRow | undefined;
  /** How many sends of each row are not acknowledged. */
  readonly #unacknowledged = new Map<string, number>();

  /** `find` gives the row that is in progress under this key. */
  constructor(find: (key: string) => MarkedRow | undefined) {
    this.#find = find;
  }

  historyOf(key: string): CrashHistory | undefined {
    return this.#find(key)?.history;
  }

  noteStarted(key: string): void | Promise<void> {
    const row = this.#find(key);
    if (row?.history.crashes === undefined || row.history.isStarted) return;
    return row.store({ ...row.history, isStarted: true, ...(row.repeats && { isIdle: true }) });
  }

  noteShared(key: string): void | Promise<void> {
    const row = this.#find(key);
    if (!row?.history.isStarted || row.history.isShared) return;
    return this.#store(row, { ...row.history, isShared: true });
  }

  /** The work has repeated all that it remembers: what comes now is new. */
  noteCaughtUp(key: string): void {
    if (!this.#unacknowledged.has(key)) this.#noteBusy(key);
  }

  noteSent(key: string): undefined | (() => void) {
    const row = this.#find(key);
    if (!row?.history.isStarted) return;
    const count = this.#unacknowledged.get(key) ?? 0;
    this.#unacknowledged.set(key, count + 1);
    const { hasSent, isIdle } = row.history;
    if (!hasSent || !isIdle) void this.#store(row, { ...row.history, hasSent: true, isIdle: true });
    return () => this.#noteSettled(key);
  }

  #noteSettled(key: string): void {
    const left = (this.#unacknowledged.get(key) ?? 1) - 1;
    if (left > 0) return void this.#unacknowledged.set(key, left);
    this.#unacknowledged.delete(key);
    this.#noteBusy(key);
  }

  #noteBusy(key: string): void {
    const row = this.#find(key);
    if (!row?.history.isIdle) return;
    const { isIdle, ...running } = row.history;
    void this.#store(row, running);
  }

  /** If it cannot be stored, a crash may count as another one. */
  #store(row: MarkedRow, history: CrashHistory): Promise<void> {
    return row.store(history).catch(() => undefined);
  }
}
