import { proto } from '@whiskeysockets/baileys';
import { isAppError } from '../../core/errors.ts';
import { maskNumber } from '../../logging/mask.ts';
import { realFileSystem } from '../folder/file-system.ts';
import { type LogoutNote, readLogoutNote } from '../identity/logout-note.ts';
import { currentOwner, type Owner } from '../lock/folder-lock.ts';
import { careError } from './care-error.ts';
import { type FileCount, surveyFiles } from './count-files.ts';
import { type Inspection, inspectSession, numberOf, realFolder, statIfThere } from './read-only-session.ts';

/** What a person wants to know of a session. Holds no secret and no whole phone number. */
export interface SessionStatus {
  readonly path: string;
  readonly exists: boolean;
  readonly isLinked: boolean;
  /** The number of the account, masked. */
  readonly account: string | undefined;
  readonly linkedAtMs: number | undefined;
  /** A pairing was begun and never completed. */
  readonly isHalfPaired: boolean;
  /** Why the credentials cannot be used, or where they had to come from. */
  readonly problem: string | undefined;
  readonly owner: Owner | undefined;
  readonly loggedOut: LogoutNote | undefined;
  readonly files: readonly FileCount[];
  readonly journal: { readonly files: number; readonly bytes: number };
}

/**
 * Looks at a session without touching it, whether a bot uses it or not. Throws `SESSION_UNUSABLE`,
 * `STORAGE_FAILED`.
 */
export async function sessionStatus(path: string): Promise<SessionStatus> {
  try {
    return await lookAt(path);
  } catch (error) {
    throw careError(`look at ${realFolder(path)}`, error);
  }
}

async function lookAt(path: string): Promise<SessionStatus> {
  const folder = realFolder(path);
  const exists = statIfThere(folder)?.isDirectory() === true;
  const files = exists ? surveyFiles(folder) : [];
  const journal = files.find(({ type }) => type === 'journal');
  return {
    path,
    exists,
    ...(exists ? describeIdentity(folder) : NOBODY),
    owner: exists ? await currentOwner(folder) : undefined,
    loggedOut: exists ? readLogoutNote(realFileSystem, folder) : undefined,
    files,
    journal: { files: journal?.files ?? 0, bytes: journal?.bytes ?? 0 },
  };
}

type Identity = Pick<SessionStatus, 'isLinked' | 'account' | 'linkedAtMs' | 'isHalfPaired' | 'problem'>;

const NOBODY: Identity = {
  isLinked: false,
  account: undefined,
  linkedAtMs: undefined,
  isHalfPaired: false,
  problem: undefined,
};

function describeIdentity(folder: string): Identity {
  let inspection: Inspection;
  try {
    inspection = inspectSession(folder);
  } catch (error) {
    if (!isAppError(error, 'SESSION_UNUSABLE')) throw error;
    return { ...NOBODY, problem: error.message };
  }
  const { creds, source, problem } = inspection.loaded;
  const number = numberOf(creds);
  return {
    isLinked: inspection.isLinked,
    account: number === undefined ? undefined : maskNumber(number),
    linkedAtMs: inspection.isLinked ? linkedAt(creds.account?.details) : undefined,
    isHalfPaired: inspection.isHalfPaired,
    problem: source === 'copy' ? `creds.json ${problem}, its copy is good` : undefined,
  };
}

/** The phone wrote down when it linked this device. */
function linkedAt(details: Uint8Array | null | undefined): number | undefined {
  if (!details) return undefined;
  try {
    const seconds = Number(proto.ADVDeviceIdentity.decode(details).timestamp ?? 0);
    return seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
