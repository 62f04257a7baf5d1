import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, isAppError, systemCode } from '../errors.ts';
import { type CopyOptions, copySession } from './backup.ts';
import { FOLDER_MODE, ignoreErrors, NAMES, storageError } from './files.ts';
import { type Inspection, inspectSession, realFolder, statIfThere } from './inspect.ts';
import { lockSession } from './lock.ts';

export interface Restored {
  readonly folder: string;
  readonly files: number;
  readonly isLinked: boolean;
  /** Where the session that was there is now; undefined where there was none. */
  readonly before: string | undefined;
}

/**
 * Puts a backup in the place of the session, whose files go to `PATH.before-TIMESTAMP`. Throws `BAD_ARGUMENTS`
 * where `from` is no session, `SESSION_LOCKED` while a bot runs, `STORAGE_FAILED`.
 */
export async function restoreSession(
  path: string,
  from: string,
  options: CopyOptions & { readonly now?: () => Date } = {},
): Promise<Restored> {
  const folder = realFolder(path);
  const source = realFolder(from);
  const { isLinked } = checkBackup(source, folder);
  let beside = '';
  try {
    mkdirSync(dirname(folder), { recursive: true });
    beside = mkdtempSync(`${folder}.restoring-`);
    const { files } = await copySession(source, beside, options);
    const before = await swap(folder, beside, (options.now ?? (() => new Date()))());
    return { folder, files, isLinked, before };
  } catch (error) {
    throw isAppError(error) ? error : storageError('restore', folder, error);
  } finally {
    if (beside) ignoreErrors(() => rmSync(beside, { recursive: true, force: true }));
  }
}

function checkBackup(source: string, folder: string): Inspection {
  const isThere = [NAMES.creds, NAMES.credsCopy].some((name) => statIfThere(join(source, name))?.isFile());
  if (source === folder || !isThere) {
    const why = source === folder ? 'is the session itself' : 'holds no session (there is no creds.json)';
    throw new AppError('BAD_ARGUMENTS', `${source} ${why}. Name the folder of a backup.`);
  }
  try {
    return inspectSession(source);
  } catch (error) {
    if (!isAppError(error, 'SESSION_UNUSABLE')) throw error;
    throw new AppError('BAD_ARGUMENTS', `This backup cannot be used: ${error.message}`, { cause: error });
  }
}

/** Holds the lock meanwhile, so that no bot starts on half a session. */
async function swap(folder: string, beside: string, now: Date): Promise<string | undefined> {
  const isNew = statIfThere(folder) === undefined;
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const lock = await lockSession(folder);
  try {
    const before = `${folder}.before-${now.toISOString().replace(/[:.]/g, '-')}`;
    const old = filesIn(folder).filter((name) => name !== NAMES.owner);
    // Credentials are the first to go and the last to come: what a kill leaves is no session, rather than half of one.
    if (old.length > 0) moveAll(folder, before, credentialsLast(old).reverse());
    moveAll(beside, folder, credentialsLast(filesIn(beside)));
    return isNew || old.length === 0 ? undefined : before;
  } finally {
    await lock.release();
  }
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
  mkdirSync(to, { recursive: true, mode: FOLDER_MODE });
  for (const name of names) {
    try {
      renameSync(join(from, name), join(to, name));
    } catch (error) {
      // The session may be a volume of its own.
      if (systemCode(error) !== 'EXDEV') throw error;
      copyFileSync(join(from, name), join(to, name));
      unlinkSync(join(from, name));
    }
  }
}
