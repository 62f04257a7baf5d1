import { join } from 'node:path';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { Contents } from './contents.ts';
import { CredentialsFile, loadCredentials } from './credentials.ts';
import { type FileSystem, ignoreErrors, isLeftover, readIfThere, removeIfThere } from './files.ts';
import { forgetHalfPairing } from './identity.ts';
import { journalFiles } from './journal.ts';
import { isUnnamedSocket } from './lock-sockets.ts';
import { decodeJournals } from './record.ts';

export type SessionLog = Pick<Logger, 'debug' | 'info' | 'warn'>;

/** A folder as the last process left it, brought up to date. */
export interface Recovered {
  readonly creds: AuthenticationCreds;
  readonly credentials: CredentialsFile;
  readonly contents: Contents;
  /** The journals there are, oldest first, their highest number and that of their records. */
  readonly journals: {
    readonly names: readonly string[];
    readonly number: number;
    readonly sequence: number;
  };
}

/**
 * Reads what lies in the folder: credentials, or their last good copy; tables; and over them, what the journals
 * of a killed process hold. Sets aside what is damaged. Throws `SESSION_UNUSABLE`, or `STORAGE_FAILED` where
 * trying again later is right.
 */
export function recover(fs: FileSystem, folder: string, log: SessionLog): Recovered {
  const loaded = loadCredentials(fs, folder);
  const { creds } = loaded;
  const credentials = new CredentialsFile(fs, folder);
  credentials.adopt(loaded);
  if (loaded.source === 'copy') log.warn(`creds.json ${loaded.problem}: restored from the last good copy`);
  forgetHalfPairing(creds);

  const { names, contents, journals, damaged } = readContents(fs, folder, (file) =>
    log.warn({ file }, 'a damaged file was set aside'),
  );
  if (damaged > 0) log.warn({ records: damaged }, 'damaged journal records were left out');
  repairPreKeyIds(creds, [...names, ...contents.unsavedNames], log);
  for (const name of names) {
    if (isLeftover(name)) ignoreErrors(() => removeIfThere(fs, join(folder, name)));
    else if (isUnnamedSocket(name)) ignoreErrors(() => removeIfOld(fs, join(folder, name)));
  }
  return { creds, credentials, contents, journals };
}

export interface ReadContents extends Pick<Recovered, 'contents' | 'journals'> {
  /** The files there are. */
  readonly names: readonly string[];
  /** Journal records that cannot be read. */
  readonly damaged: number;
}

/** Tables, and what the journals hold; keys are read when they are asked for. Throws `STORAGE_FAILED`. */
export function readContents(fs: FileSystem, folder: string, onDamage: (file: string) => void): ReadContents {
  const contents = new Contents(fs, folder, onDamage);
  const names = namesOfFiles(fs, folder);
  const found = journalFiles(names);
  const replay = decodeJournals(
    found.map(({ name }) => readIfThere(fs, join(folder, name)) ?? Buffer.alloc(0)),
  );
  for (const record of replay.records) contents.apply(record);
  const journals = {
    names: found.map(({ name }) => name),
    number: found.at(-1)?.number ?? 0,
    sequence: replay.sequence,
  };
  return { names, contents, journals, damaged: replay.damaged };
}

/** A folder inside belongs to another bot, whatever it is called. */
export function namesOfFiles(fs: FileSystem, folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);
}

/** A living process gives its socket a name in no time; one that is old has lost its process. */
const UNNAMED_FOR_MS = 60_000;

function removeIfOld(fs: FileSystem, path: string): void {
  if (Date.now() - fs.statSync(path).mtimeMs > UNNAMED_FOR_MS) removeIfThere(fs, path);
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
