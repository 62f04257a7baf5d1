import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Listener, ListenerEvent } from '../listener.ts';
import type { Schedule } from '../schedule.ts';

export interface LoadedListener {
  readonly listener: Listener;
  /** The name of the file without its ending: it makes the ids of what the listener sends. */
  readonly name: string;
  readonly file: string;
}

export interface LoadedSchedule {
  readonly schedule: Schedule;
  readonly name: string;
  readonly file: string;
}

/** The listeners and schedules of a bot, by file. Can change while the bot runs. */
export class ListenerRegistry {
  readonly #byFile = new Map<string, LoadedListener>();
  readonly #schedules = new Map<string, LoadedSchedule>();

  /** All listeners, by name. */
  get all(): readonly LoadedListener[] {
    return [...this.#byFile.values()].sort(byName);
  }

  /** All schedules, by name. */
  get schedules(): readonly LoadedSchedule[] {
    return [...this.#schedules.values()].sort(byName);
  }

  /** Sets the schedule of a file and replaces what it had. */
  setSchedule(file: string, schedule: Schedule): void {
    this.#byFile.delete(file);
    this.#schedules.set(file, { schedule, name: nameOf(file), file });
  }

  /** Whether any listener listens to this. */
  wants(event: ListenerEvent): boolean {
    for (const { listener } of this.#byFile.values()) if (listener.on === event) return true;
    return false;
  }

  find(name: string): LoadedListener | undefined {
    return this.all.find((one) => one.name === name);
  }

  /** The listeners for a message, by name. `isAddressed` is called only if a listener needs to know. */
  for(message: IncomingMessage, isAddressed: () => boolean): readonly LoadedListener[] {
    const event = message.event?.kind ?? (message.edits === undefined ? 'message' : 'edited');
    const found = [...this.#byFile.values()].filter(({ listener }) => {
      if (listener.on !== event) return false;
      if (listener.in !== 'both' && listener.in !== message.chatKind) return false;
      return (!listener.isForAddressed || isAddressed()) && listener.fits(message);
    });
    return found.sort(byName);
  }

  /** Sets the listener of a file and replaces what it had. Throws if another file has the name. */
  set(file: string, listener: Listener): void {
    const name = nameOf(file);
    const other = this.find(name);
    if (other !== undefined && other.file !== file) throw new Error(`"${name}" is in ${other.file} already`);
    this.#schedules.delete(file);
    this.#byFile.set(file, { listener, name, file });
  }

  delete(file: string): void {
    this.#byFile.delete(file);
    this.#schedules.delete(file);
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

const nameOf = (file: string): string => (file.split('/').at(-1) ?? file).replace(/\.[^.]+$/, '');
