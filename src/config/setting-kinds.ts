import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withoutInvisible } from '../core/invisible-characters.ts';

/** A kind of value: how it is read, and the words that say what it may be. */
export interface Kind<T> {
  /** Returns undefined if the text is not such a value. */
  readonly read: (text: string) => T | undefined;
  /** Ends the sentence "it must be …". */
  readonly mayBe: string;
  /** Secrets and phone numbers are not repeated in an error. */
  readonly isPrivate: boolean;
  /** Which parts of the text are wrong: "entry 2". */
  readonly faultsIn?: (text: string) => readonly string[];
  /** What an unset value is read as. Default undefined. */
  readonly whenUnset?: T;
}

function kind<T>(mayBe: string, read: Kind<T>['read'], isPrivate = false): Kind<T> {
  return { read, mayBe, isPrivate };
}

/**
 * The entry of a list that each of its values was written in, from 1. A repeated value has the number of its first
 * entry.
 */
const ENTRY_NUMBERS = new WeakMap<readonly unknown[], readonly number[]>();

/** The numbers of the entries that the values of a list were written in, as `faultsIn` counts them. */
export const entryNumbersOf = (list: readonly unknown[]): readonly number[] =>
  ENTRY_NUMBERS.get(list) ?? list.map((_, index) => index + 1);

/** Entries with commas between them, each once. `mayBe` says what one entry may be. */
function listOf<T extends string>(entry: Kind<T>): Kind<readonly T[]> {
  const entries = (text: string): string[] => text.split(',').filter((part) => part.trim() !== '');
  return {
    mayBe: entry.mayBe,
    isPrivate: entry.isPrivate,
    whenUnset: [],
    read(text) {
      const values = entries(text).map((part) => entry.read(part.trim()));
      if (!values.every((value) => value !== undefined)) return undefined;
      const once = [...new Set(values)];
      ENTRY_NUMBERS.set(
        once,
        once.map((value) => values.indexOf(value) + 1),
      );
      return once;
    },
    faultsIn: (text) =>
      entries(text).flatMap((part, index) =>
        entry.read(part.trim()) === undefined ? [`entry ${index + 1}`] : [],
      ),
  };
}

const matching =
  (pattern: RegExp) =>
  (text: string): string | undefined =>
    pattern.test(text) ? text : undefined;

export function whole(min: number, max: number, what = 'a whole number'): Kind<number> {
  return kind(`${what} from ${min} to ${max}`, (text) => {
    const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  });
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return kind(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text.toLowerCase()));
}

/** `~/` is read as the home folder, because no shell expands it in a .env file. */
export const path: Kind<string> = kind('the path of a folder', (text) => {
  if (text.includes('\0')) return undefined;
  return /^~(?=$|[/\\])/.test(text) ? join(homedir(), text.slice(1)) : text;
});

/** Paths without a comma in them, as they are written. */
export const paths: Kind<readonly string[]> = listOf({ ...path, mayBe: 'paths of files or folders' });

export const prefix: Kind<string> = kind('1 to 8 characters without spaces', matching(/^\S{1,8}$/u));

export const sentence: Kind<string> = kind('a text of at most 500 characters', matching(/^.{1,500}$/u));

/** Names of commands, in lower case. */
export const commandNames: Kind<readonly string[]> = listOf(
  kind('names of commands without the prefix, e.g. poll, remind', (text) =>
    /^[\p{L}\p{M}\p{N}_-]{1,32}$/u.test(text) ? text.toLowerCase() : undefined,
  ),
);

export const token: Kind<string> = kind(
  'letters, digits and signs without spaces',
  matching(/^[\x21-\x7e]+$/),
  true,
);

/** Spaces and signs that people and address books write between the digits of a number. */
const BETWEEN_DIGITS = /[\s().\-/\u2010-\u2015]/g;

/**
 * The digits of a phone number as people write it (`+1 (555) 123-4567`), or undefined if it is none:
 * other characters, fewer than 7 or more than 15 digits (E.164), or no country code (a leading 0).
 */
export function readPhoneNumber(text: string): string | undefined {
  const plain = withoutInvisible(text).trim();
  // `+49 (0)151 …`: the zero in brackets is dialled inside the country only.
  const international = plain.startsWith('+') ? plain.slice(1).replace(/\(\s*0\s*\)/, '') : plain;
  const digits = international.replace(BETWEEN_DIGITS, '');
  return /^[1-9]\d{6,14}$/.test(digits) ? digits : undefined;
}

const NUMBER_RULE =
  'country code first (so no leading 0), 7 to 15 digits; spaces, +, ( ), . and - do no harm';

export const phoneNumber: Kind<string> = kind(`a phone number, ${NUMBER_RULE}`, readPhoneNumber, true);

/** A phone number, or the JID of a group or of a person. */
const address: Kind<string> = kind(
  `a phone number or a JID, e.g. 15551234567 or 120363000000000001@g.us`,
  (text) => (/^[\w.-]+@(?:g\.us|s\.whatsapp\.net|lid)$/.test(text) ? text : readPhoneNumber(text)),
  true,
);

export const addresses: Kind<readonly string[]> = listOf(address);

export const phoneNumbers: Kind<readonly string[]> = listOf(phoneNumber);

function readUrl(text: string, schemes: readonly string[]): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return schemes.includes(url.protocol.slice(0, -1)) && url.hostname !== '' ? url : undefined;
}

/** May hold a user and a password, so it is never printed. */
export const proxyUrl: Kind<string> = kind(
  'a URL that starts with http://, https:// or socks5:// and names a host',
  (text) => (readUrl(text, ['http', 'https', 'socks5']) === undefined ? undefined : text),
  true,
);

/** May hold a user and a password, if a gateway is in front. */
export const websocketUrl: Kind<string> = kind(
  'a URL that starts with ws:// or wss:// and names a host',
  (text) => (readUrl(text, ['ws', 'wss']) === undefined ? undefined : text),
  true,
);

export const yesOrNo: Kind<boolean> = kind('true or false', (text) => {
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
});

export const publicKey: Kind<string> = kind('a public key: 32 bytes in base64', matching(/^[\w+/-]{43}=?$/));

export type WaVersion = readonly [number, number, number];

export const waVersion: Kind<WaVersion> = kind(
  'three numbers with dots between them, such as 2.3000.1043857760',
  (text) => {
    const parts = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})$/.exec(text);
    return parts === null ? undefined : [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  },
);

/** `[::1]` is read as `::1`. */
export const host: Kind<string> = kind('an IP address or a host name', (text) => {
  const bare = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // Four numbers that are not an address are a typing error, not a host name.
  const isName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(bare);
  return isIP(bare) !== 0 || (isName && !/^[\d.]+$/.test(bare)) ? bare : undefined;
});

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
