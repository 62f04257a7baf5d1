import type { IncomingMessage, Table } from '../../core/messages.ts';
import { Recent } from '../../core/recent-map.ts';

/** How long after a message its edit can still become a command. */
const EDIT_WINDOW_MS = 5 * 60_000;
/** How long the note of an edit is kept, should nobody remove it. */
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

/** Which edit took the place of a message, by that message. */
export type EditRow = { readonly atMs: number; readonly edit: string };

/**
 * What becomes of edited messages. An edit that turns what was no command into one runs, within five
 * minutes, as a message of its own. A command that has not started gives way to its edit. One that has
 * started is answered as it was, and its edit is nothing. What was decided holds after a kill, too. Edits of
 * messages that the bot has not seen since its start are nothing either: they may have been answered.
 */
export class Edits {
  readonly #table: Table<EditRow>;
  readonly #seen = new Recent<Seen>(REMEMBERED);

  constructor(table: Table<EditRow>) {
    this.#table = table;
  }

  /** Remembers a message, `job` where it became a command. */
  note(message: IncomingMessage, job?: Job): void {
    this.#seen.set(placeOf(message, message.id), { sentAtMs: message.sentAtMs, job });
  }

  /** Whether an edit took the place of this message before a kill: what was decided then still holds. */
  isReplaced(message: IncomingMessage): boolean {
    return placesOf(message, message.id).some((place) => this.#table.has(place));
  }

  /** Whether this edit runs. `job` is its own where its new text is a command. */
  take(edit: IncomingMessage, originalId: string, job: Job | undefined, nowMs: number): boolean {
    const places = placesOf(edit, originalId);
    if (places.some((place) => this.#table.get(place)?.edit === edit.key)) return job !== undefined;
    const place = places.find((one) => this.#seen.has(one));
    const original = place === undefined ? undefined : this.#seen.get(place);
    if (place === undefined || original === undefined || original.job?.isStarted === true) return false;
    if (original.job === undefined && edit.sentAtMs - original.sentAtMs > EDIT_WINDOW_MS) return false;
    const isNews = job !== undefined || original.job !== undefined;
    const recorded = isNews ? this.#table.set(place, { atMs: nowMs, edit: edit.key }) : Promise.resolve();
    const settled = recorded.catch(() => undefined);
    if (original.job !== undefined) original.job.replacedBy = settled;
    if (job !== undefined) job.recorded = settled;
    original.job = job;
    return job !== undefined;
  }

  /** Removes the note that the edit runs. Where that fails, a later start does it. */
  async done(edit: IncomingMessage, originalId: string): Promise<void> {
    for (const place of placesOf(edit, originalId)) {
      if (this.#table.get(place)?.edit === edit.key) await this.#table.delete(place).catch(() => undefined);
    }
  }

  async prune(nowMs: number): Promise<void> {
    for (const [key, { atMs }] of [...this.#table.entries()]) {
      if (nowMs - atMs > KEEP_MS) await this.#table.delete(key);
    }
  }
}

/** Not by chat, which has two addresses: a person's messages have ids of their own. */
const placeOf = ({ sender }: IncomingMessage, id: string): string => `${sender.number ?? sender.jid}\n${id}`;

/** A message whose sender's number is known now may have come when it was not. */
const placesOf = (message: IncomingMessage, id: string): string[] => [
  placeOf(message, id),
  `${message.sender.jid}\n${id}`,
];
