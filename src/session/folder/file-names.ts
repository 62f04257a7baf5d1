import { createHash } from 'node:crypto';

/** The names of the program's own files. Every other file is `TYPE-ID.json`, a key in the layout of Baileys. */
export const NAMES = {
  creds: 'creds.json',
  credsCopy: 'creds.backup.json',
  logout: 'logged-out.json',
  restoring: 'restoring.json',
  qr: 'qr-code.png',
  gitignore: '.gitignore',
  owner: 'owner.json',
  /** A folder, so that looking for other owners does not list fifty thousand keys. */
  lock: '.lock',
} as const;

/** The longest name that file systems take, less `.json`. */
const LONGEST_NAME_BYTES = 250;
/** What nearly every key is called: every file system takes it. */
const PLAIN_NAME = /^[\w.@-]{1,200}$/;
const OWN_NAMES = /^(creds|creds\.backup|logged-out|owner|restoring|table-.*)$/;

/**
 * The file of a key, as Baileys' `useMultiFileAuthState` names it: `/` becomes `__` and `:` becomes `-`.
 * A name that no file system takes (too long, with a NUL, with a lone surrogate), or that is one of the program's
 * own, is replaced by its SHA-256.
 */
export function keyFileName(type: string, id: string): string {
  const stock = `${type}-${id}`.replaceAll('/', '__').replaceAll(':', '-');
  if (isPossible(stock) && !OWN_NAMES.test(stock)) return `${stock}.json`;
  return `key-${createHash('sha256').update(stock, 'utf16le').digest('hex')}.json`;
}

/** Whether a file system takes this name. */
const isPossible = (name: string): boolean =>
  PLAIN_NAME.test(name) ||
  (Buffer.byteLength(name) <= LONGEST_NAME_BYTES && !name.includes('\0') && !/\p{Surrogate}/u.test(name));

const LEFTOVER = /^\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/;

/** Whether this is a temporary file that a killed process left. */
export const isLeftover = (name: string): boolean => LEFTOVER.test(name);
