import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AuthenticationState, SignalDataSet } from '@whiskeysockets/baileys';
import type { SessionLog } from '../session/recover-session.ts';
import { openSession, type Session } from '../session/session-store.ts';
import type { KeyChanges } from '../session/values/key-changes.ts';

/** What `useMultiFileAuthState` returns, and how to release the folder. */
export interface DurableAuthState {
  readonly state: AuthenticationState;
  /**
   * Saves the credentials before it returns, so that a listener on `creds.update` has them on disk before the pairing
   * is confirmed. Throws `STORAGE_FAILED` at once if that fails; the stored credentials are then the old ones, whole.
   */
  readonly saveCreds: () => Promise<void>;
  /** Writes everything into the files and releases the folder. Baileys' own function can then read it. */
  readonly close: () => Promise<void>;
  /** The opened session, for `durableSocketConfig`. */
  readonly session: Session;
}

export interface DurableAuthStateOptions {
  /** Where warnings go: damaged files, failed writes. Default: `process.emitWarning`. */
  readonly log?: SessionLog;
}

const opened = new Map<string, Promise<DurableAuthState>>();

/**
 * Opens a session folder in the place of Baileys' `useMultiFileAuthState`. Bots call it again at each reconnect: the
 * same folder gives the same state until `close`. Throws `SESSION_LOCKED` if another process uses the folder,
 * `SESSION_UNUSABLE` if its credentials cannot be read, `STORAGE_FAILED` if the disk fails.
 */
export async function useDurableAuthState(
  folder: string,
  options: DurableAuthStateOptions = {},
): Promise<DurableAuthState> {
  const path = realPathOf(folder);
  const known = opened.get(path);
  if (known) {
    const auth = await known;
    auth.session.forgetHalfPairing();
    return auth;
  }
  const opening = open(path, options.log ?? warningLog);
  opened.set(path, opening);
  opening.catch(() => opened.delete(path));
  return opening;
}

async function open(path: string, log: SessionLog): Promise<DurableAuthState> {
  const session = await openSession(path, { log, isRow: isSentRow });
  const keys = {
    get: async (type: string, ids: string[]) => session.get(type, ids),
    set: async (changes: SignalDataSet) => session.set(changes as KeyChanges),
  };
  return {
    state: { creds: session.creds, keys: keys as AuthenticationState['keys'] },
    // Not an async function: a failure must be thrown before the caller goes on.
    saveCreds: () => {
      session.saveCreds();
      return Promise.resolve();
    },
    close: () => {
      opened.delete(path);
      return session.close();
    },
    session,
  };
}

/** The only table that is used here is that of sent messages. */
function isSentRow(table: string, _id: string, value: unknown): boolean {
  if (table !== 'sent') return true;
  const { atMs, message } = Object(value) as { atMs?: unknown; message?: unknown };
  return typeof atMs === 'number' && typeof message === 'string';
}

/** A link and the folder behind it are one folder. A folder that does not exist yet is made by `openSession`. */
function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

const warningLog = {
  debug: () => {},
  info: () => {},
  warn: (first: object | string, text?: string) => {
    const facts = typeof first === 'string' || 'err' in first ? '' : ` ${JSON.stringify(first)}`;
    process.emitWarning(`${typeof first === 'string' ? first : (text ?? '')}${facts}`, 'SessionWarning');
  },
} as SessionLog;
