import type { IncomingMessage, Table } from './ports.ts';
import { Recent } from './recent.ts';

/** How long after a message its edit can still become a command. */
const EDIT_WINDOW_MS = 5 * 60_000;
/** How long the note of an edit that runs is kept, should nobody remove it. */
const KEEP_MS = 86_400_000;
const REMEMBERED = 5_000;

/** A command on its way through the bot. */
export interface Job {
  isStarted: boolean;
  /** Resolves when the note that an edit runs is on disk; `undefined` for what is no edit. */
  recorded?: Promise<void>;
  /** Set when an edit took its place before it started; resolves when that is on disk. */
  replacedBy: Promise<void> | undefined;
}

interface Seen {
  readonly sentAtMs: number;
  job: Job | undefined;
}

export type EditRow = { readonly atMs: number };

/**
 * What becomes of edited messages. An edit that turns what was no command into one runs, within five
 * minutes, as a message of its own. A command that has not started gives way to its edit. One that has
 * started is answered as it was, and its edit is nothing. Edits of messages that the bot has not seen since
 * its start are nothing either: they may have been answered.
 */
export class Edits {
  readonly #table: Table<EditRow>;
  readonly #seen = new Recent<Seen>(REMEMBERED);

  constructor(table: Table<EditRow>) {
    this.#table = table;
  }

  /** Remembers a message, `job` where it became a command. */
  note(message: IncomingMessage, job?: Job): void {
    this.#seen.set(seenKey(message, message.id), { sentAtMs: message.sentAtMs, job });
  }

  /** Whether this edit runs. `job` is its own where its new text is a command. */
  take(edit: IncomingMessage, originalId: string, job: Job | undefined, nowMs: number): boolean {
    // Begun before a crash: what was decided then still holds.
    if (this.#table.has(edit.key)) return true;
    const original = this.#seen.get(seenKey(edit, originalId));
    if (original === undefined || original.job?.isStarted === true) return false;
    if (original.job === undefined && edit.sentAtMs - original.sentAtMs > EDIT_WINDOW_MS) return false;
    const recorded = job === undefined ? Promise.resolve() : this.#table.set(edit.key, { atMs: nowMs });
    const settled = recorded.catch(() => undefined);
    if (original.job !== undefined) original.job.replacedBy = settled;
    if (job !== undefined) job.recorded = settled;
    original.job = job;
    return job !== undefined;
  }

  /** Removes the note that the edit runs. Where that fails, a later start does it. */
  async done(edit: IncomingMessage): Promise<void> {
    await this.#table.delete(edit.key).catch(() => undefined);
  }

  async prune(nowMs: number): Promise<void> {
    for (const [key, { atMs }] of [...this.#table.entries()]) {
      if (nowMs - atMs > KEEP_MS) await this.#table.delete(key);
    }
  }
}

/** Not by chat, which has two addresses: a person's messages have ids of their own. */
function seenKey({ sender }: IncomingMessage, id: string): string {
  return `${sender.id}\n${id}`;
}
