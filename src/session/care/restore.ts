import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, isAppError, messageOf, systemCode } from '../../core/errors.ts';
import { ignoreErrors, NAMES, realFileSystem, replaceFile, syncFolder } from '../folder/file-system.ts';
import { ensureFolder, makeFolder } from '../folder/prepare-folder.ts';
import { currentOwner, lockSession } from '../lock/folder-lock.ts';
import { type CopyOptions, copySession } from './backup.ts';
import { careError } from './care-error.ts';
import { unreadableKeys } from './count-files.ts';
import { type Inspection, inspectSession, realFolder, statIfThere } from './read-only-session.ts';
import { type RestoreNote, readRestoreNote, removeRestoreNote, writeRestoreNote } from './restore-note.ts';

export interface Restored {
  readonly folder: string;
  readonly files: number;
  readonly isLinked: boolean;
  /** Keys in it that nobody can read. */
  readonly damagedFiles: number;
  /** Where the session that was there is now; undefined where there was none. */
  readonly before: string | undefined;
}

export interface RestoreOptions extends CopyOptions {
  readonly now?: () => Date;
  readonly roomFor?: (folder: string) => string;
}

/**
 * Puts a backup in the place of the session, whose files go to `PATH.before-TIMESTAMP` (see `roomFor`). Throws
 * `BAD_ARGUMENTS` where `from` is no session, `SESSION_LOCKED` while a bot runs, `STORAGE_FAILED`.
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
    const damagedFiles = unreadableKeys(beside).length;
    const now = (options.now ?? (() => new Date()))();
    const before = `${room}before-${now.toISOString().replace(/[:.]/g, '-')}`;
    const hadSession = await swap({ folder, beside, before, from: source });
    return { folder, files, isLinked, damagedFiles, before: hadSession ? before : undefined };
  } catch (error) {
    throw careError(`restore ${folder}`, error);
  } finally {
    if (beside) ignoreErrors(() => rmSync(beside, { recursive: true, force: true }));
    // Only goes where nothing came into it.
    if (isNew) {
      ignoreErrors(() => rmdirSync(join(folder, NAMES.lock)));
      ignoreErrors(() => rmdirSync(folder));
    }
  }
}

/**
 * What the names of folders begin with that are to lie beside the session. Inside of it, where bots leave folders
 * alone, when it is a volume of its own or its user may not write beside it: in a container, what lies beside it
 * is gone with the container.
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
    return inspectSession(source);
  } catch (error) {
    if (!isAppError(error, 'SESSION_UNUSABLE')) throw error;
    throw new AppError('BAD_ARGUMENTS', `This backup cannot be used: ${error.message}`, { cause: error });
  }
}

interface Swap {
  readonly folder: string;
  /** The new files. */
  readonly beside: string;
  /** Where the old ones go. */
  readonly before: string;
  /** The backup that they are of. */
  readonly from: string;
}

/**
 * Holds the lock meanwhile, so that no bot starts on half a session; what a kill leaves, a note says of itself.
 * Tells whether there was a session.
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
      // Credentials are the first to go and the last to come.
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

/** Makes the session whole again that a restore moved away, in part or all of it. */
function putBack(folder: string, { from, before, old }: RestoreNote, why: string): void {
  try {
    const isOld = new Set(old);
    // What is nowhere else is not ours to remove.
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

/** Files have come and gone for good before the note goes that says otherwise. */
function finish(folder: string): void {
  syncFolder(realFileSystem, folder);
  removeRestoreNote(realFileSystem, folder);
  syncFolder(realFileSystem, folder);
}

/** All but what is of the lock and of the restore. */
function sessionFilesIn(folder: string): string[] {
  return filesIn(folder).filter((name) => name !== NAMES.owner && name !== NAMES.restoring);
}

/** Folders inside belong to other bots and stay where they are. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

function credentialsLast(names: readonly string[]): string[] {
  const isCredentials = (name: string): number =>
    Number(name === NAMES.credsCopy) + 2 * Number(name === NAMES.creds);
  return [...names].sort((a, b) => isCredentials(a) - isCredentials(b));
}

function moveAll(from: string, to: string, names: readonly string[]): void {
  makeFolder(realFileSystem, to);
  for (const name of names) move(join(from, name), join(to, name));
  syncFolder(realFileSystem, to);
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // The session may be a volume of its own.
    if (systemCode(error) !== 'EXDEV') throw error;
    replaceFile(realFileSystem, to, readFileSync(from));
    unlinkSync(from);
  }
}
