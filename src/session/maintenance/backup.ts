import { mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { AppError, systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { FILE_MODE, ignoreErrors, realFileSystem, syncFolder } from '../folder/file-system.ts';
import { makeFolder } from '../folder/prepare-folder.ts';
import { readRegularFile } from '../folder/read-file.ts';
import { replaceFile } from '../folder/replace-file.ts';
import { loadCredentials } from '../identity/load-credentials.ts';
import { journalNames } from '../journal/journal.ts';
import { maintenanceError } from './maintenance-error.ts';
import { inspectSession, isSessionFile, realFolder, statIfThere } from './read-only-session.ts';

export interface CopyOptions {
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Backup {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly isLinked: boolean;
}

const MOST_ROUNDS = 50;

/**
 * Copies a session, also while a bot writes to it. `to` must not exist, or be empty. Throws `BAD_ARGUMENTS`,
 * `SESSION_UNUSABLE` if there is nothing to back up, `STORAGE_FAILED`.
 */
export async function backupSession(path: string, to: string, options: CopyOptions = {}): Promise<Backup> {
  const from = realFolder(path);
  const target = realFolder(to);
  let beside = '';
  try {
    refuseTarget(from, target);
    makeFolder(realFileSystem, dirname(target));
    beside = mkdtempSync(`${target}.partial-`);
    const copied = await copySession(from, beside, options);
    const { isLinked } = inspectSession(beside);
    if (statIfThere(target)) rmdirSync(target);
    renameSync(beside, target);
    syncFolder(realFileSystem, dirname(target));
    return { folder: target, isLinked, ...copied };
  } catch (error) {
    if (beside) ignoreErrors(() => rmSync(beside, { recursive: true, force: true }));
    throw maintenanceError(`make a backup in ${target}`, error);
  }
}

function refuseTarget(from: string, target: string): void {
  if (!statIfThere(join(from, NAMES.creds)) && !statIfThere(join(from, NAMES.credsCopy))) {
    throw new AppError(
      'SESSION_UNUSABLE',
      `There is no session in ${from}. Start the bot and link it first.`,
    );
  }
  // Checked before copying, so that an error names the session and not its temporary copy.
  loadCredentials(realFileSystem, from);
  const way = relative(from, target);
  if (way === '' || !/^\.\.([/\\]|$)/.test(way)) {
    throw new AppError(
      'BAD_ARGUMENTS',
      `${target} is inside the session itself. Name a folder outside of ${from}.`,
    );
  }
  const stats = statIfThere(target);
  if (stats && (!stats.isDirectory() || readdirSync(target).length > 0)) {
    throw new AppError('BAD_ARGUMENTS', `${target} exists already. Name a new folder, or an empty one.`);
  }
}

/**
 * Copies files first and journals last. A change made before the start is then in the copy of its file or of a
 * journal. If a checkpoint removed a journal meanwhile, everything that changed is copied again. Credentials come
 * first, because pre-keys may be newer than credentials, never older.
 */
export async function copySession(
  from: string,
  to: string,
  { onProgress = () => {} }: CopyOptions,
): Promise<{ files: number; bytes: number }> {
  const copies = new Map<string, string>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const names = readdirSync(from).filter((name) => isSessionFile(from, name));
    const journals = journalNames(names);
    const begun = new Map(journals.map((name) => [name, birthOf(from, name)]));
    const isJournal = new Set(journals);
    const files = names.filter((name) => !isJournal.has(name)).sort((a, b) => rank(a) - rank(b));
    for (const gone of [...copies.keys()].filter((name) => !names.includes(name))) {
      rmSync(join(to, gone), { force: true });
      copies.delete(gone);
    }
    for (const [index, name] of files.entries()) {
      copyIfChanged(from, to, name, copies);
      if (index % 50 === 0) await yieldToEventLoop();
      onProgress(index + 1, names.length);
    }
    const all = journalNames(readdirSync(from));
    for (const name of new Set([...journals, ...all])) copyIfChanged(from, to, name, copies);
    onProgress(names.length, names.length);
    // Names are used again: a journal that was removed may have a successor with the same name.
    const isSame = (name: string): boolean => [begun.get(name), undefined].includes(birthOf(from, name));
    // The values of a file that was removed meanwhile, or of a journal, are in other files now, which may have been
    // copied before.
    const isComplete =
      files.every((name) => copies.has(name)) && journals.every((name) => copies.has(name) && isSame(name));
    if (isComplete && copies.get(NAMES.creds) === marksOf(from, NAMES.creds)) {
      return {
        files: copies.size,
        bytes: [...copies.keys()].reduce((sum, name) => sum + sizeOf(to, name), 0),
      };
    }
  }
  throw new AppError(
    'STORAGE_FAILED',
    `${from} changes faster than it can be copied. Stop the bot for a moment.`,
  );
}

/** The order in which files are copied: the credentials first, then their copy. */
export const rank = (name: string): number => (name === NAMES.creds ? 0 : name === NAMES.credsCopy ? 1 : 2);

const sizeOf = (folder: string, name: string): number => statIfThere(join(folder, name))?.size ?? 0;

/** Differs between any two states of a file: files of a session are replaced, journals grow. */
function marksOf(folder: string, name: string): string | undefined {
  const stats = statIfThere(join(folder, name));
  return stats?.isFile() ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : undefined;
}

/** Differs between a journal and the next one of the same name; undefined if there is none. */
function birthOf(folder: string, name: string): string | undefined {
  const stats = statIfThere(join(folder, name));
  return stats && `${stats.ino} ${stats.birthtimeMs}`;
}

function copyIfChanged(from: string, to: string, name: string, copies: Map<string, string>): void {
  const marks = marksOf(from, name);
  if (marks !== undefined && copies.get(name) === marks) return;
  copies.delete(name);
  try {
    const content = readRegularFile(join(from, name), { followsLinks: false });
    writePrivately(to, name, content);
    if (marks !== undefined) copies.set(name, marks);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    rmSync(join(to, name), { force: true });
  }
}

/** Credentials are synced; other files are only written. */
function writePrivately(to: string, name: string, content: Buffer): void {
  const path = join(to, name);
  if (rank(name) < 2) replaceFile(realFileSystem, path, content);
  else writeFileSync(path, content, { mode: FILE_MODE });
}
