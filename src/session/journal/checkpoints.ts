import type { FileSystem } from '../folder/file-system.ts';
import type { StoredValues } from '../values/stored-values.ts';
import type { Journal } from './journal.ts';
import { removeJournals, writeFiles } from './write-files.ts';

/** A journal of this size starts a checkpoint. */
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** This number of changed keys starts a checkpoint: a stop has time to write that many files. */
const CHECKPOINT_KEYS = 1_000;
/** After this long without a change any journal is checkpointed; a failed checkpoint is tried again after it. */
const CHECKPOINT_IDLE_MS = 5_000;
const LAST_ROUNDS = 5;
/** There are few names for journals. If this number of journals is pending, no new one is begun. */
const MOST_PENDING = 3;

export interface CheckpointParts {
  readonly fs: FileSystem;
  readonly folder: string;
  readonly journal: Journal;
  readonly contents: StoredValues;
  /** Journals that were found on opening. */
  readonly oldJournals: readonly string[];
  readonly onFailure: (error: unknown) => void;
  /** Throws `STORAGE_FAILED` if the folder was removed or replaced. */
  readonly checkFolder: () => void;
}

/**
 * Writes what is in the journal into the files: when nothing has changed for a while, when the journal is large, and
 * at the end. The journal before the last is kept until the next checkpoint, so that a copy of the folder made
 * meanwhile (`cp -r`) has each value at least once.
 */
export class Checkpoints {
  readonly #parts: CheckpointParts;
  /** Fully checkpointed, safe to delete. */
  readonly #obsoleteJournals: string[] = [];
  /** Some of their values may be in memory only. */
  readonly #pendingJournals: string[];
  #running: Promise<void> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #changedAtMs = 0;
  #failedAtMs = -CHECKPOINT_IDLE_MS;
  #isEnding = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#pendingJournals = [...parts.oldJournals];
    if (this.#pendingJournals.length > 0) this.changed();
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

  /** Concurrent calls share one checkpoint. Throws `STORAGE_FAILED`; everything is still in the journals then. */
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
    if (journal.sizeBytes === 0 && this.#pendingJournals.length === 0) return;
    this.#parts.checkFolder();
    // If one checkpoint after another fails, the same journal continues; it may repeat what is in the files.
    if (journal.sizeBytes > 0 && this.#pendingJournals.length < MOST_PENDING) this.#rotate();
    const covered = this.#pendingJournals.length;
    // The journal must reach the disk first, or the next opening would replace newer files by older records.
    await journal.sync();
    await saveUnsaved(this.#parts, true);
    removeJournals(fs, folder, this.#obsoleteJournals);
    this.#obsoleteJournals.push(...this.#pendingJournals.splice(0, covered));
    if (contents.hasUnsaved) this.changed();
  }

  #rotate(): void {
    const { journal } = this.#parts;
    const { name } = journal;
    try {
      journal.rotate();
      this.#pendingJournals.push(name);
    } catch (error) {
      this.#obsoleteJournals.push(...journal.takeHalfMade());
      throw error;
    }
  }

  /**
   * The last checkpoint of a session: closes the journal and removes all journals. If that fails, or changes keep
   * coming, the journal stays for the next opening. Throws `STORAGE_FAILED`.
   */
  async finish(): Promise<void> {
    const { fs, folder, journal, contents } = this.#parts;
    this.#isEnding = true;
    clearTimeout(this.#idleTimer);
    await this.#running?.catch(() => {});
    try {
      this.#parts.checkFolder();
      for (let round = 0; contents.hasUnsaved && round < LAST_ROUNDS; round++) {
        // As above: the journal must reach the disk before the files.
        await journal.sync();
        await saveUnsaved(this.#parts, false);
      }
      if (contents.hasUnsaved) await journal.sync();
    } catch (error) {
      await journal.sync().catch(() => {});
      throw error;
    } finally {
      // No await between the last check and this: nothing can be appended that the files do not have.
      await journal.close();
    }
    if (!contents.hasUnsaved)
      removeJournals(fs, folder, [...this.#obsoleteJournals, ...this.#pendingJournals, journal.name]);
  }
}

/**
 * Each killed process leaves one or two journals. Before a new one is begun, many of them are written into the files.
 * Resolves with those that remain. Throws `STORAGE_FAILED`; all of them are then still there.
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
