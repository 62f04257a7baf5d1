import { proto } from '@whiskeysockets/baileys';
import { isAppError } from '../../core/errors.ts';
import { maskNumber } from '../../logging/mask.ts';
import { realFileSystem } from '../folder/file-system.ts';
import { type LogoutNote, readLogoutNote } from '../identity/logout-note.ts';
import type { Owner } from '../lock/announcement.ts';
import { currentOwner } from '../lock/folder-lock.ts';
import { countFiles, type FileCount } from './count-files.ts';
import { maintenanceError } from './maintenance-error.ts';
import { holdsAnything, type Inspection, inspectSession, numberOf, realFolder } from './read-only-session.ts';

/** What `status` shows of a session. Holds no secret and no whole phone number. */
export interface SessionStatus {
  readonly path: string;
  /** Whether the folder exists and holds more than the `.gitignore` of the repository. */
  readonly exists: boolean;
  readonly isLinked: boolean;
  /** The number of the account, masked. */
  readonly account: string | undefined;
  readonly linkedAtMs: number | undefined;
  /** A pairing was begun and not completed. */
  readonly isHalfPaired: boolean;
  /** Why the credentials cannot be used, or that they came from the copy. */
  readonly problem: string | undefined;
  readonly owner: Owner | undefined;
  readonly loggedOut: LogoutNote | undefined;
  readonly files: readonly FileCount[];
  readonly journal: { readonly files: number; readonly bytes: number };
}

/**
 * Inspects a session without changing it, whether a bot uses it or not. Throws `SESSION_UNUSABLE`,
 * `STORAGE_FAILED`.
 */
export async function sessionStatus(path: string): Promise<SessionStatus> {
  try {
    return await inspect(path);
  } catch (error) {
    throw maintenanceError(`inspect ${realFolder(path)}`, error);
  }
}

async function inspect(path: string): Promise<SessionStatus> {
  const folder = realFolder(path);
  const exists = holdsAnything(folder);
  const files = exists ? countFiles(folder) : [];
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

/** The phone's signed note of when it linked this device. */
function linkedAt(details: Uint8Array | null | undefined): number | undefined {
  if (!details) return undefined;
  try {
    const seconds = Number(proto.ADVDeviceIdentity.decode(details).timestamp ?? 0);
    return seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
