import { accessSync, constants, lstatSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { shellWord, systemCode } from '../core/errors.ts';
import { formatBytes } from '../core/format-bytes.ts';
import { maskText } from '../logging/mask.ts';
import { realFileSystem } from '../session/folder/file-system.ts';
import { folderProblem } from '../session/folder/folder-problem.ts';
import { foreignOwner } from '../session/folder/foreign-owner.ts';
import { formatTime, oneLine } from '../session/maintenance/format-report.ts';
import { realFolder } from '../session/maintenance/read-only-session.ts';
import type { SessionStatus } from '../session/maintenance/session-status.ts';
import type { Check } from './doctor-check.ts';

const LEAST_BYTES = 20 * 1024 * 1024;
const FEW_BYTES = 200 * 1024 * 1024;
const FEW_FILES = 2_000;

/** Whether the folder can be used, and cannot be read by others. */
export function checkFolder(path: string): Check {
  const name = 'Folder';
  const folder = resolve(path);
  const nearest = nearestThere(folder);
  const refusal = refusalOf(nearest);
  if (refusal) {
    const { what, mend } = folderProblem(realFileSystem, folder, refusal);
    // The command `doctor` may run as another user than the bot.
    const advice =
      'run' in mend
        ? `if the bot runs as this user: ${mend.run}; if not, run this command as the user of the bot`
        : mend.todo;
    return { name, state: 'problem', text: what, mend: advice };
  }
  if (nearest !== folder)
    return { name, state: 'ok', text: `${folder} does not exist yet; the bot makes it` };
  if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) {
    const text = `${folder} can be read by others`;
    const mend = `chmod 700 ${shellWord(folder)} (the bot does it when it starts)`;
    return { name, state: 'warning', text, mend };
  }
  const foreign = foreignOwner(folder);
  if (foreign) {
    const text = `${folder} belongs to uid ${foreign.ownerUid}, and this process runs as uid ${foreign.uid}`;
    const mend = `run the bot as that user, or: sudo chown -R ${foreign.uid} ${shellWord(folder)}`;
    return { name, state: 'warning', text, mend };
  }
  return { name, state: 'ok', text: `${folder} exists, is private and can be written` };
}

/** The folder itself, or the nearest existing one above it. What cannot be inspected counts as missing. */
function nearestThere(folder: string): string {
  const parent = dirname(folder);
  try {
    lstatSync(folder);
    return folder;
  } catch (error) {
    if (parent === folder) throw error;
    return nearestThere(parent);
  }
}

/** Why no file can be made in a folder; undefined if one can be made. Makes no file. */
function refusalOf(folder: string): unknown {
  try {
    if (!statSync(folder).isDirectory()) return failed('ENOTDIR');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    // It exists, but only as a link.
    return systemCode(error) === 'ENOENT' ? failed('EEXIST') : error;
  }
}

const failed = (code: string): Error => Object.assign(new Error(code), { code });

export function checkSpace(path: string): Check {
  const name = 'Free space';
  const { bavail, bsize, ffree, files } = statfsSync(nearestThere(realFolder(path)));
  const bytes = bavail * bsize;
  const text = `${formatBytes(bytes)} free`;
  const mend = 'make room on that disk';
  if (bytes < LEAST_BYTES) return { name, state: 'problem', text, mend };
  if (bytes < FEW_BYTES) return { name, state: 'warning', text, mend };
  if (files > 0 && ffree < FEW_FILES) {
    return {
      name,
      state: 'warning',
      text: `${text}, but only for ${ffree} more files`,
      mend: 'remove files',
    };
  }
  return { name, state: 'ok', text };
}

export function checkLock({ owner }: SessionStatus): Check {
  const name = 'Lock';
  if (!owner) return { name, state: 'ok', text: 'no bot is running on this session' };
  const who = `process ${owner.pid} on ${owner.host}`;
  if (owner.isSilent) {
    const text = `${owner.pid > 0 ? who : 'a process'} uses the session and does not answer: it is stopped or hangs`;
    const mend =
      owner.pid > 0
        ? `kill -CONT ${owner.pid}, or kill -9 ${owner.pid}`
        : 'find that process (ps), and end it';
    return { name, state: 'warning', text, mend };
  }
  return { name, state: 'ok', text: `${who} has used the session since ${formatTime(owner.sinceMs)}` };
}

export function checkCredentials(status: SessionStatus): Check {
  const name = 'Credentials';
  const anew = `rm -rf ${shellWord(status.path)}, start the bot and scan`;
  if (status.loggedOut) {
    return {
      name,
      state: 'problem',
      text: `logged out since ${formatTime(status.loggedOut.atMs)}`,
      mend: anew,
    };
  }
  if (status.isLinked) {
    const text = `linked to ${status.account}`;
    return status.problem
      ? { name, state: 'warning', text: `${text}; ${status.problem}` }
      : { name, state: 'ok', text };
  }
  if (status.problem) return { name, state: 'problem', text: status.problem };
  const text = status.isHalfPaired ? 'a pairing was begun and never completed' : 'not linked yet';
  return { name, state: 'warning', text, mend: 'start the bot and scan the QR code' };
}

/** How many names one line shows. */
const MOST_NAMES = 3;

/** `unreadable`: names of damaged key files that are not set aside yet. */
export function checkDamage({ files, owner, journal }: SessionStatus, unreadable: readonly string[]): Check {
  const name = 'Files';
  const damaged = files.find(({ type }) => type === 'damaged')?.files ?? 0;
  const total = files.reduce((sum, { files }) => sum + files, 0);
  if (unreadable.length > 0) {
    const names = unreadable
      .slice(0, MOST_NAMES)
      .map((one) => oneLine(maskText(one)))
      .join(', ');
    const more = unreadable.length > MOST_NAMES ? ', …' : '';
    return {
      name,
      state: 'warning',
      text: `${unreadable.length} of ${total} cannot be read (${names}${more})`,
      mend: 'check the disk; the bot sets them aside when it needs them, and runs on',
    };
  }
  if (damaged > 0) {
    return {
      name,
      state: 'warning',
      text: `${damaged} of ${total} were damaged and set aside (*.damaged)`,
      mend: 'check the disk; the bot runs on without them',
    };
  }
  const rest =
    journal.bytes > 0 && !owner ? '; the last run was killed, the next start reads its journal' : '';
  return { name, state: 'ok', text: `${total}, none set aside as damaged${rest}` };
}
