import { join } from 'node:path';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { isAppError } from '../core/errors.ts';
import { isLeftover, keyFileName } from './folder/file-names.ts';
import {
  type FileSystem,
  ignoreErrors,
  isThere,
  readIfThere,
  removeIfThere,
  renameAside,
  storageError,
} from './folder/file-system.ts';
import { isUnfitFile } from './folder/read-file.ts';
import { forgetHalfPairing } from './identity/credentials-json.ts';
import { CredentialsFile, loadCredentials } from './identity/load-credentials.ts';
import { JOURNAL_NAMES, journalNames } from './journal/journal.ts';
import { decodeJournals } from './journal/journal-record.ts';
import type { RowCheck } from './values/all-tables.ts';
import { StoredValues } from './values/stored-values.ts';
import { orphanPages, type TableEvents } from './values/table-files.ts';

export type SessionLog = Pick<Logger, 'debug' | 'info' | 'warn'>;

/** What was read from a session folder. */
export interface Recovered {
  readonly creds: AuthenticationCreds;
  readonly credentials: CredentialsFile;
  readonly contents: StoredValues;
  /** The journals that exist, oldest first. */
  readonly journals: readonly string[];
  /** The highest number of their records. */
  readonly sequence: number;
}

/**
 * Reads the folder: credentials, or their last good copy; tables; and over them, what the journals of a killed
 * process hold. Sets aside what is damaged. Throws `SESSION_UNUSABLE`, or `STORAGE_FAILED` if
 * the same may work later.
 */
export function recover(
  fs: FileSystem,
  folder: string,
  log: SessionLog,
  wasKilled: boolean,
  isRow: RowCheck = () => true,
): Recovered {
  const loaded = loadCredentials(fs, folder);
  const { creds } = loaded;
  const credentials = new CredentialsFile(fs, folder);
  const areCredsOurs = credentials.adopt(loaded);
  if (loaded.source === 'copy') {
    const { source, problem } = loaded;
    log.warn(
      { file: 'creds.json', problem, source },
      `creds.json ${problem}: restored from the last good copy`,
    );
  }
  forgetHalfPairing(creds);

  // After a clean stop there is nothing to repair, and listing fifty thousand keys takes longer than all the rest.
  const isClean = !wasKilled && areCredsOurs && !hasSurprises(fs, folder, creds);
  const names = isClean ? [] : namesOfFiles(fs, folder);
  const { contents, journals, sequence, damaged } = readContents(fs, folder, names, eventsOf(log));
  for (const name of journals) syncFile(fs, join(folder, name));
  for (const [table, rows] of contents.dropRows(isRow))
    log.warn({ table, rows }, 'rows of a wrong shape were left out');
  if (damaged > 0) log.warn({ records: damaged }, 'damaged journal records were left out');
  repairPreKeyIds(creds, [...names, ...contents.unsavedNames], log);
  for (const name of [...names.filter(isLeftover), ...orphanPages(names, contents.index)])
    ignoreErrors(() => removeIfThere(fs, join(folder, name)));
  return { creds, credentials, contents, journals, sequence };
}

const eventsOf = (log: SessionLog): TableEvents => ({
  onDamage: (file) => log.warn({ file }, 'a damaged file was set aside'),
  onEvicted: (table, rows) =>
    log.warn({ table, rows }, 'the oldest rows of a table were removed, because it is full'),
});

/** What a killed process wrote may be in the system's memory only, and later writes depend on it. */
function syncFile(fs: FileSystem, path: string): void {
  try {
    const fd = fs.openSync(path, 'r+');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw storageError('sync', path, error);
  }
}

export interface ReadContents extends Pick<Recovered, 'contents' | 'journals' | 'sequence'> {
  /** Journal records that cannot be read. */
  readonly damaged: number;
}

/** Whether there is something that a clean stop does not leave: a journal, a newer pre-key. */
function hasSurprises(fs: FileSystem, folder: string, creds: AuthenticationCreds): boolean {
  const nextPreKey = keyFileName('pre-key', String(creds.nextPreKeyId));
  return [...JOURNAL_NAMES, nextPreKey].some((name) => isThere(fs, join(folder, name)));
}

/**
 * Tables, and what the journals among the files hold; keys are read when they are asked for. Throws
 * `STORAGE_FAILED`.
 */
export function readContents(
  fs: FileSystem,
  folder: string,
  names: readonly string[],
  events: TableEvents,
): ReadContents {
  const contents = new StoredValues(fs, folder, events);
  const found = journalNames(names).flatMap((name) => {
    const content = readJournal(fs, folder, name, events);
    return content ? [{ name, content }] : [];
  });
  const { records, sequence, damaged, order } = decodeJournals(found.map(({ content }) => content));
  for (const record of records) contents.apply(record);
  const journals = order.flatMap((index) => found[index]?.name ?? []);
  return { contents, journals, sequence, damaged };
}

/** A journal that is no file of a session (a FIFO, a file that is too large) is set aside and reported. */
function readJournal(
  fs: FileSystem,
  folder: string,
  name: string,
  { onDamage }: TableEvents,
): Buffer | undefined {
  try {
    return readIfThere(fs, join(folder, name));
  } catch (error) {
    if (!isAppError(error) || !isUnfitFile(error.cause)) throw error;
    renameAside(fs, join(folder, name));
    onDamage(name);
    return undefined;
  }
}

/** The names of the files. A folder inside belongs to another bot, whatever its name. */
export function namesOfFiles(fs: FileSystem, folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);
}

const PRE_KEY_FILE = /^pre-key-(\d{1,8})\.json$/;

/** After a kill, or an older copy of the credentials, ids may lag behind the pre-keys that exist. */
function repairPreKeyIds(creds: AuthenticationCreds, names: readonly string[], log: SessionLog): void {
  let highest = 0;
  for (const name of names) {
    const id = Number(PRE_KEY_FILE.exec(name)?.[1] ?? 0);
    if (id > highest) highest = id;
  }
  if (highest < creds.nextPreKeyId) return;
  log.info({ from: creds.nextPreKeyId, to: highest + 1 }, 'the next pre-key id was repaired');
  creds.nextPreKeyId = highest + 1;
  creds.firstUnuploadedPreKeyId = highest + 1;
}
