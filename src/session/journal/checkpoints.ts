import type { FileSystem } from '../folder/file-system.ts';
import type { Contents } from '../values/stored-values.ts';
import type { Journal } from './journal.ts';
import { removeJournals, writeFiles } from './write-files.ts';

/** A journal of this size is brought into the files, whatever else goes on. */
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** So many files are written within the time that a stop may take. */
const CHECKPOINT_KEYS = 1_000;
/** After this long without a change, so is any journal; after this long, one that failed is tried again. */
const CHECKPOINT_IDLE_MS = 5_000;
const LAST_ROUNDS = 5;
/** Their names are few. More than this are not left behind for another one to be begun. */
const MOST_PENDING = 3;

export interface CheckpointParts {
  readonly fs: FileSystem;
  readonly folder: string;
  readonly journal: Journal;
  readonly contents: Contents;
  /** Journals that were found on opening. */
  readonly oldJournals: readonly string[];
  readonly onFailure: (error: unknown) => void;
  /** Throws `STORAGE_FAILED` where the folder is not ours any more. */
  readonly checkFolder: () => void;
}

/**
 * Brings what is in the journal into the files: when nothing has changed for a while, when it has grown large,
 * and at the end. The journal before the last is kept until the next checkpoint, so that whoever copies the
 * folder meanwhile (`cp -r`) has each value at least once.
 */
export class Checkpoints {
  readonly #parts: CheckpointParts;
  /** Their values are in the files. */
  readonly #done: string[] = [];
  /** Some of their values may be in memory only. */
  readonly #pending: string[];
  #running: Promise<void> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #changedAtMs = 0;
  #failedAtMs = -CHECKPOINT_IDLE_MS;
  #isEnding = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#pending = [...parts.oldJournals];
    if (this.#pending.length > 0) this.changed();
  }

  /** After each record. */
  changed(): void {
    this.#changedAtMs = performance.now();
    if (this.#isEnding) return;
    const { journal, contents } = this.#parts;
    const isLarge = journal.sizeBytes > CHECKPOINT_BYTES || contents.unsavedKeys > CHECKPOINT_KEYS;
    const mayTry = this.#changedAtMs - this.#failedAtMs >= CHECKPOINT_IDLE_MS;
    if (isLarge && mayTry && !this.#running) this.#runInBackground();
    else this.#idleTimer ??= setTimeout(() => this.#onIdleTimer(), CHECKPOINT_IDLE_MS).unref();
  }

  #onIdleTimer(): void {
    this.#idleTimer = undefined;
    const remainingMs = this.#changedAtMs + CHECKPOINT_IDLE_MS - performance.now();
    if (remainingMs > 0) this.#idleTimer = setTimeout(() => this.#onIdleTimer(), remainingMs).unref();
    else this.#runInBackground();
  }

  #runInBackground(): void {
    this.run().catch((error: unknown) => {
      this.#parts.onFailure(error);
      this.changed();
    });
  }

  /** Concurrent calls share one run. Throws `STORAGE_FAILED`; everything is still in the journals then. */
  run(): Promise<void> {
    this.#running ??= this.#checkpoint()
      .catch((error: unknown) => {
        this.#failedAtMs = performance.now();
        throw error;
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #checkpoint(): Promise<void> {
    const { journal, contents, fs, folder } = this.#parts;
    if (journal.sizeBytes === 0 && this.#pending.length === 0) return;
    this.#parts.checkFolder();
    // Where one checkpoint after another fails, the journal goes on: it may repeat what is in the files.
    if (journal.sizeBytes > 0 && this.#pending.length < MOST_PENDING) this.#rotate();
    const covered = this.#pending.length;
    // Files that are newer than the journals on the disk would be set back by the next opening.
    await journal.sync();
    await saveUnsaved(this.#parts, true);
    removeJournals(fs, folder, this.#done);
    this.#done.push(...this.#pending.splice(0, covered));
    if (contents.hasUnsaved) this.changed();
  }

  #rotate(): void {
    const { journal } = this.#parts;
    const { name } = journal;
    try {
      journal.rotate();
      this.#pending.push(name);
    } catch (error) {
      this.#done.push(...journal.takeHalfMade());
      throw error;
    }
  }

  /**
   * The last one, at the end of a session: closes the journal and removes all there are. Where that fails, or
   * changes keep coming, the journal stays for the next opening. Throws `STORAGE_FAILED`.
   */
  async finish(): Promise<void> {
    const { fs, folder, journal, contents } = this.#parts;
    this.#isEnding = true;
    clearTimeout(this.#idleTimer);
    await this.#running?.catch(() => {});
    try {
      this.#parts.checkFolder();
      for (let round = 0; contents.hasUnsaved && round < LAST_ROUNDS; round++) {
        // As above: until it is gone, an older record of it that is synced would set a newer file back.
        await journal.sync();
        await saveUnsaved(this.#parts, false);
      }
      if (contents.hasUnsaved) await journal.sync();
    } catch (error) {
      await journal.sync().catch(() => {});
      throw error;
    } finally {
      // No await between the last look and this: nothing can be appended that the files do not have.
      await journal.close();
    }
    if (!contents.hasUnsaved) removeJournals(fs, folder, [...this.#done, ...this.#pending, journal.name]);
  }
}

/**
 * Before a journal is begun: each process that was killed has left one or two, so what many of them hold is brought
 * into the files. Resolves with those that remain. Throws `STORAGE_FAILED`; they are all there then.
 */
export async function foldJournals(
  parts: Pick<CheckpointParts, 'fs' | 'folder' | 'contents'> & { readonly journals: readonly string[] },
): Promise<readonly string[]> {
  const { fs, folder, journals } = parts;
  if (journals.length <= MOST_PENDING) return journals;
  await saveUnsaved(parts, false);
  removeJournals(fs, folder, [...journals]);
  return [];
}

async function saveUnsaved(
  { fs, folder, contents }: Pick<CheckpointParts, 'fs' | 'folder' | 'contents'>,
  mayMerge: boolean,
): Promise<void> {
  const { steps, saved, failed } = contents.takeUnsaved(mayMerge);
  try {
    for (const changes of steps) if (changes.length > 0) await writeFiles(fs, folder, changes);
    saved();
  } catch (error) {
    failed();
    throw error;
  }
}
