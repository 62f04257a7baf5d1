import {
  accessSync,
  constants,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, isAppError, messageOf, systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { ignoreErrors, realFileSystem, syncFolder } from '../folder/file-system.ts';
import { ensureFolder, makeFolder } from '../folder/prepare-folder.ts';
import { readRegularFile } from '../folder/read-file.ts';
import { replaceFile } from '../folder/replace-file.ts';
import {
  type RestoreNote,
  readRestoreNote,
  removeRestoreNote,
  writeRestoreNote,
} from '../folder/restore-note.ts';
import { currentOwner, lockSession } from '../lock/folder-lock.ts';
import type { RowCheck } from '../values/all-tables.ts';
import { type CopyOptions, copySession, rank } from './backup.ts';
import { unreadableKeys } from './count-files.ts';
import { maintenanceError } from './maintenance-error.ts';
import {
  filesIn,
  type Inspection,
  inspectBackup,
  inspectSession,
  notFilesIn,
  realFolder,
  statIfThere,
} from './read-only-session.ts';

export interface Restored {
  readonly folder: string;
  readonly files: number;
  readonly isLinked: boolean;
  /** How many key files cannot be read. */
  readonly damagedFiles: number;
  /** How many rows of tables have a wrong shape: the bot leaves them out. */
  readonly damagedRows: number;
  /** The names of links, pipes and devices in the backup. They are not copied. */
  readonly notFiles: readonly string[];
  /** Where the former session is now; undefined if there was none. */
  readonly before: string | undefined;
}

export interface RestoreOptions extends CopyOptions {
  /** Default: any row fits. */
  readonly isRow?: RowCheck;
  readonly now?: () => Date;
  readonly roomFor?: (folder: string) => string;
}

/**
 * Puts a backup in the place of the session, whose files go to `PATH.before-TIMESTAMP` (see `roomFor`). Throws
 * `BAD_ARGUMENTS` if `from` is no session, `SESSION_LOCKED` while a bot runs, `STORAGE_FAILED`.
 */
export async function restoreSession(
  path: string,
  from: string,
  options: RestoreOptions = {},
): Promise<Restored> {
  const folder = realFolder(path);
  const source = realFolder(from);
  let beside = '';
  let isNew = false;
  try {
    const { isLinked } = await checkBackup(source, folder);
    isNew = statIfThere(folder) === undefined;
    ensureFolder(realFileSystem, folder);
    const room = (options.roomFor ?? roomFor)(folder);
    beside = mkdtempSync(`${room}restoring-`);
    const { files } = await copySession(source, beside, options);
    const notFiles = notFilesIn(source);
    const damagedFiles = unreadableKeys(beside).length;
    const damagedRows = countUnfitRows(beside, options.isRow);
    const now = (options.now ?? (() => new Date()))();
    const before = `${room}before-${now.toISOString().replace(/[:.]/g, '-')}`;
    const hadSession = await swap({ folder, beside, before, from: source });
    const found = { isLinked, damagedFiles, damagedRows, notFiles };
    return { folder, files, ...found, before: hadSession ? before : undefined };
  } catch (error) {
    throw maintenanceError(`restore ${folder}`, error);
  } finally {
    if (beside) ignoreErrors(() => rmSync(beside, { recursive: true, force: true }));
    // Removes the folder only if it is still empty.
    if (isNew) {
      ignoreErrors(() => rmdirSync(join(folder, NAMES.lock)));
      ignoreErrors(() => rmdirSync(folder));
    }
  }
}

function countUnfitRows(folder: string, isRow: RowCheck = () => true): number {
  const dropped = inspectSession(folder).contents.dropRows(isRow);
  return [...dropped.values()].reduce((sum, rows) => sum + rows, 0);
}

/**
 * The path prefix for folders beside the session. If the session is a volume of its own, or its user may not write
 * beside it, they lie inside the session, because bots ignore folders there: in a container, what lies beside the
 * volume is lost with the container.
 */
function roomFor(folder: string): string {
  const parent = dirname(folder);
  try {
    accessSync(parent, constants.W_OK | constants.X_OK);
    if (statSync(parent).dev === statSync(folder).dev) return `${folder}.`;
  } catch (error) {
    if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EROFS') throw error;
  }
  return join(folder, '/');
}

async function checkBackup(source: string, folder: string): Promise<Inspection> {
  const isThere = [NAMES.creds, NAMES.credsCopy].some((name) => statIfThere(join(source, name))?.isFile());
  if (source === folder || !isThere) {
    const why = source === folder ? 'is the session itself' : 'holds no session (there is no creds.json)';
    throw new AppError('BAD_ARGUMENTS', `${source} ${why}. Name the folder of a backup.`);
  }
  const owner = await currentOwner(source);
  if (owner) {
    throw new AppError(
      'SESSION_LOCKED',
      `${source} is the session of a running bot (process ${owner.pid} on ${owner.host}), and two copies of one ` +
        'session must never run. Make a backup of it, stop that bot, and restore the backup.',
    );
  }
  try {
    return inspectBackup(source);
  } catch (error) {
    if (!isAppError(error, 'SESSION_UNUSABLE')) throw error;
    throw new AppError('BAD_ARGUMENTS', `This backup cannot be used: ${error.message}`, { cause: error });
  }
}

interface Swap {
  readonly folder: string;
  /** The new files. */
  readonly beside: string;
  /** Where the old files go. */
  readonly before: string;
  /** The backup that the new files come from. */
  readonly from: string;
}

/**
 * Holds the lock meanwhile, so that no bot starts on half a session. If it is killed, the note says so to the next
 * start. Returns whether there was a session.
 */
async function swap({ folder, beside, before, from }: Swap): Promise<boolean> {
  const lock = await lockSession(folder);
  try {
    const cutOff = readRestoreNote(realFileSystem, folder);
    if (cutOff) putBack(folder, cutOff, 'a restore was cut off');
    const old = sessionFilesIn(folder);
    const hadSession = old.length > 0;
    const note = { from, before: hadSession ? before : undefined, old };
    writeRestoreNote(realFileSystem, folder, note);
    try {
      // Old credentials move first, new credentials move last.
      if (hadSession) moveAll(folder, before, credentialsLast(old).reverse());
      moveAll(beside, folder, credentialsLast(filesIn(beside)));
    } catch (error) {
      putBack(folder, note, messageOf(error));
      throw error;
    }
    finish(folder);
    return hadSession;
  } finally {
    await lock.release();
  }
}

/** Moves the former session back after a restore that was cut off or failed. */
function putBack(folder: string, { from, before, old }: RestoreNote, why: string): void {
  try {
    const isOld = new Set(old);
    // A file that exists nowhere else must not be removed.
    const isOfBackup = (name: string): boolean => statIfThere(join(from, name)) !== undefined;
    const isNew = (name: string): boolean => !isOld.has(name) && isOfBackup(name);
    for (const name of sessionFilesIn(folder).filter(isNew)) unlinkSync(join(folder, name));
    if (before !== undefined && statIfThere(before)) {
      moveAll(before, folder, credentialsLast(filesIn(before).filter((name) => isOld.has(name))));
      ignoreErrors(() => rmdirSync(before));
    }
    finish(folder);
  } catch (error) {
    const where = before === undefined ? '' : `, and its old files are in ${before}`;
    throw new AppError(
      'STORAGE_FAILED',
      `${folder} is only half restored (${why}; ${messageOf(error)})${where}. Check the disk, and run this again.`,
    );
  }
}

/** Syncs the moved files before it removes the note. */
function finish(folder: string): void {
  syncFolder(realFileSystem, folder);
  removeRestoreNote(realFileSystem, folder);
  syncFolder(realFileSystem, folder);
}

/** All files except those of the lock and of the restore; none if there is only a `.gitignore`. */
function sessionFilesIn(folder: string): string[] {
  const names = filesIn(folder).filter((name) => name !== NAMES.owner && name !== NAMES.restoring);
  return names.some((name) => name !== NAMES.gitignore) ? names : [];
}

const credentialsLast = (names: readonly string[]): string[] => [...names].sort((a, b) => rank(b) - rank(a));

function moveAll(from: string, to: string, names: readonly string[]): void {
  makeFolder(realFileSystem, to);
  for (const name of names) move(join(from, name), join(to, name));
  syncFolder(realFileSystem, to);
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // The session may be a volume of its own, and a rename cannot leave it.
    if (systemCode(error) !== 'EXDEV') throw error;
    replaceFile(realFileSystem, to, readRegularFile(from, { followsLinks: false }));
    unlinkSync(from);
  }
}
